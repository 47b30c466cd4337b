/**
 * The public keys of an OIDC issuer, found by its discovery document (OpenID Connect Discovery 1.0)
 * and kept by jose: read anew after ten minutes, or when a token names a key nobody has seen yet.
 */
import * as z from "zod";
import { startDeadline } from "../limits/deadline.ts";
import type { JWTVerifyGetKey } from "jose";

export interface IssuerDocuments {
  readonly discovery: URL;
  /** Where the keys are, whatever the discovery document says. */
  readonly keys?: URL;
  readonly fetch: (url: string, options: FetchOptions) => Promise<Response>;
}

interface FetchOptions {
  readonly signal: AbortSignal;
  readonly redirect: "manual";
}

/** Documents at the issuer's own address, for anybody to read. */
export function publicDocuments(issuer: string): IssuerDocuments {
  const base = issuer.endsWith("/") ? issuer : `${issuer}/`;
  return { discovery: new URL(".well-known/openid-configuration", base), fetch };
}

/** The issuer did not tell its keys, or is not who it should be. */
class KeysUnavailable extends Error {
  override readonly name = "KeysUnavailable";
}

/** Of each document, milliseconds. */
const TIMEOUT_MS = 5_000;

const discoveryDocument = z.object({
  issuer: z.string(),
  jwks_uri: z.url({ protocol: /^https$/ }),
});

/** Asks for the discovery document once it is needed, and again only after a failure. */
export function makeIssuerKeys(issuer: string, documents: IssuerDocuments) {
  let discovered: Promise<JWTVerifyGetKey> | undefined;

  async function discover(): Promise<JWTVerifyGetKey> {
    const { createRemoteJWKSet, customFetch } = await import("jose/jwks/remote");
    const { issuer: named, jwks_uri } = await readDiscovery(documents);
    if (named !== issuer) throw new KeysUnavailable(`the issuer calls itself ${named}`);
    return createRemoteJWKSet(documents.keys ?? new URL(jwks_uri), {
      timeoutDuration: TIMEOUT_MS,
      [customFetch]: documents.fetch,
    });
  }

  /** @throws KeysUnavailable */
  return async (): Promise<JWTVerifyGetKey> => {
    discovered ??= discover();
    const asked = discovered;
    try {
      return await asked;
    } catch (cause) {
      if (discovered === asked) discovered = undefined;
      throw new KeysUnavailable("the issuer's discovery document is not available", { cause });
    }
  };
}

async function readDiscovery(documents: IssuerDocuments) {
  using deadline = startDeadline(TIMEOUT_MS);
  const { signal } = deadline;
  const response = await documents.fetch(documents.discovery.href, { signal, redirect: "manual" });
  const body: unknown = response.ok ? await response.json() : await response.body?.cancel();
  if (!response.ok) throw new KeysUnavailable(`HTTP ${response.status}`);
  return discoveryDocument.parse(body);
}
