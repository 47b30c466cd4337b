/**
 * Verifies the OIDC token of a request (a JWT in `Authorization: Bearer`): signed by the issuer,
 * meant for this audience, valid now. jose is loaded with the first token.
 */
import type { JWTVerifyGetKey } from "jose";
import type { Log } from "../telemetry/log.ts";

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
  readonly keys: () => Promise<JWTVerifyGetKey>;
  readonly log: Log;
}

/** A token signed with a shared secret or with nothing is none. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA"];
const CLOCK_TOLERANCE_SECONDS = 30;

export function makeTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { issuer, audience, keys, log } = options;

  return async (authorization) => {
    const token = /^Bearer +([\w.-]+)$/i.exec(authorization ?? "")?.[1];
    if (token === undefined) return { kind: "unauthenticated", code: "token_missing" };
    try {
      const { jwtVerify } = await import("jose/jwt/verify");
      const { payload } = await jwtVerify(token, await keys(), {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ["sub", "exp"],
      });
      return payload.sub ? { kind: "sender", subject: payload.sub } : badToken("no subject");
    } catch (err) {
      const { code, message } = err as { readonly code?: unknown; readonly message?: string };
      if (code === "ERR_JWT_EXPIRED") return { kind: "unauthenticated", code: "token_expired" };
      if (isTokensFault(code)) return badToken(message);
      log.error({ err }, "the issuer's keys are not available");
      return { kind: "unavailable" };
    }
  };
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
  /^ERR_(JWT|JWS)_|^ERR_JOSE_(ALG_NOT_ALLOWED|NOT_SUPPORTED)$|^ERR_JWKS_(NO|MULTIPLE)_MATCHING_KEYS?$/;
