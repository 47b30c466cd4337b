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

/** jose's, for the key that a token names. */
export interface IssuerKeys extends JWTVerifyGetKey {
  /** They were read within half a minute, and are not read again for a key that is not among them. */
  readonly coolingDown: boolean;
}

/** Of each document, milliseconds. */
const TIMEOUT_MS = 5_000;
/** Of each document; those of large issuers have some ten thousand. */
const MAX_BYTES = 1_048_576;

const discoveryDocument = z.object({
  issuer: z.string(),
  jwks_uri: z.url({ protocol: /^https$/ }),
});

/** Asks for the discovery document once it is needed, and again only after a failure. */
export function makeIssuerKeys(issuer: string, documents: IssuerDocuments) {
  let discovered: Promise<IssuerKeys> | undefined;

  async function discover(): Promise<IssuerKeys> {
    const { createRemoteJWKSet, customFetch } = await import("jose/jwks/remote");
    const { issuer: named, jwks_uri } = await readDiscovery(documents);
    if (named !== issuer) throw new KeysUnavailable(`the issuer calls itself ${named}`);
    return createRemoteJWKSet(documents.keys ?? new URL(jwks_uri), {
      timeoutDuration: TIMEOUT_MS,
      [customFetch]: async (url: string, options: FetchOptions) =>
        await fetchBounded(documents, url, options),
    });
  }

  /** @throws KeysUnavailable */
  return async (): Promise<IssuerKeys> => {
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
  const options = { signal, redirect: "manual" } as const;
  const response = await fetchBounded(documents, documents.discovery.href, options);
  const body: unknown = response.ok ? await response.json() : undefined;
  if (!response.ok) throw new KeysUnavailable(`HTTP ${response.status}`);
  return discoveryDocument.parse(body);
}

/** What is larger is no such document, and would be held whole. @throws KeysUnavailable */
async function fetchBounded(
  documents: IssuerDocuments,
  url: string,
  options: FetchOptions,
): Promise<Response> {
  const { body, status } = await documents.fetch(url, options);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array> | readonly Uint8Array[]) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new KeysUnavailable("a document of the issuer is too large");
    chunks.push(chunk);
  }
  return new Response(Buffer.concat(chunks), { status });
}
