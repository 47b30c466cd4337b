/**
 * Verifies the OIDC token of a request (a JWT in `Authorization: Bearer`): signed by the issuer,
 * meant for this audience, valid now. jose is loaded with the first token.
 */
import type { CryptoKey, JWTPayload, JWTVerifyOptions } from "jose";
import type { Log } from "../telemetry/log.ts";
import type { IssuerKeys } from "./issuer-keys.ts";

export type TokenVerdict =
  | { readonly kind: "sender"; readonly subject: string }
  /** No token, or a bad one; the reason is for the log. */
  | {
      readonly kind: "unauthenticated";
      readonly code: "token_missing" | "token_expired" | "token_invalid";
      readonly reason?: string;
    }
  /** The issuer's keys are not available: nobody knows whether the token is good. */
  | { readonly kind: "unavailable" };

export type TokenVerifier = (authorization: string | undefined) => Promise<TokenVerdict>;

export interface TokenVerifierOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: () => Promise<IssuerKeys>;
  readonly log: Log;
}

/** A token signed with a shared secret or with nothing is none. */
const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];
const CLOCK_TOLERANCE_SECONDS = 30;

export function makeTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { issuer, audience, keys, log } = options;
  const claims = {
    issuer,
    audience,
    algorithms: ALGORITHMS,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ["sub", "exp"],
  };

  return async (authorization) => {
    const token = /^Bearer +([\w.-]+)$/i.exec(authorization ?? "")?.[1];
    if (token === undefined) return { kind: "unauthenticated", code: "token_missing" };
    let isCertain = true;
    try {
      const known = await keys();
      isCertain = !known.coolingDown;
      const { sub } = await verified(token, known, claims);
      if (typeof sub !== "string" || sub === "") return badToken("no subject");
      return { kind: "sender", subject: sub };
    } catch (err) {
      const { code, message } = err as { readonly code?: unknown; readonly message?: string };
      if (code === "ERR_JWT_EXPIRED") return { kind: "unauthenticated", code: "token_expired" };
      if (code === NO_KEY && !isCertain && (await saysItIsOf(token, claims))) {
        log.warn("a token names a key that the issuer did not have within half a minute");
        return { kind: "unavailable" };
      }
      if (isTokensFault(code)) return badToken(message);
      log.error({ err }, "the issuer's keys are not available");
      return { kind: "unavailable" };
    }
  };
}

/** The key may be as new as the token: keys that were just read are not read again for it. */
const NO_KEY = "ERR_JWKS_NO_MATCHING_KEY";

type Claims = JWTVerifyOptions & Pick<TokenVerifierOptions, "issuer" | "audience">;

/** By the key that it names, or else by any of those that it may have been signed with. @throws jose's errors */
async function verified(token: string, keys: IssuerKeys, claims: Claims): Promise<JWTPayload> {
  const { jwtVerify } = await import("jose/jwt/verify");
  try {
    return (await jwtVerify(token, keys, claims)).payload;
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code !== "ERR_JWKS_MULTIPLE_MATCHING_KEYS") throw error;
    let last: unknown = error;
    for await (const key of error as AsyncIterable<CryptoKey>) {
      try {
        return (await jwtVerify(token, key, claims)).payload;
      } catch (failure) {
        last = failure;
        if ((failure as { readonly code?: unknown }).code !== NOT_SIGNED_WITH) throw failure;
      }
    }
    throw last;
  }
}

const NOT_SIGNED_WITH = "ERR_JWS_SIGNATURE_VERIFICATION_FAILED";

/** Unverified: decides no more than how its sender is refused. */
async function saysItIsOf(token: string, { issuer, audience }: Claims): Promise<boolean> {
  const { decodeJwt } = await import("jose/jwt/decode");
  try {
    const { iss, aud = [] } = decodeJwt(token);
    return iss === issuer && [aud].flat().includes(audience);
  } catch {
    return false;
  }
}

/** jose's messages name claims, never their values. */
function badToken(reason = "unknown"): TokenVerdict {
  return { kind: "unauthenticated", code: "token_invalid", reason };
}

/** Of jose's errors those that the token's sender causes; the others are the issuer's. */
function isTokensFault(code: unknown): boolean {
  return typeof code === "string" && TOKENS_FAULT.test(code);
}

const TOKENS_FAULT =
  /^ERR_(JWT|JWS)_|^ERR_JOSE_(ALG_NOT_ALLOWED|NOT_SUPPORTED)$|^ERR_JWKS_NO_MATCHING_KEY$/;
