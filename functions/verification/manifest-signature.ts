/**
 * The signature of manifest.json: a JSON Web Signature in compact form with its payload detached
 * (RFC 7515, appendix F). Checked with the Web's own crypto, so that it can be anywhere.
 */
import { WrongStatement } from "./wrong-statement.ts";

/** A public key, RFC 7517. With a `kid`, it is used for signatures that name it. */
export type VerificationKey = Readonly<Record<string, unknown>> & { readonly kty: string };

export type SignatureCheck =
  "absent" | "unchecked" | { readonly algorithm: string; readonly keyId: string | undefined };

/**
 * By name in the header of a signature, RFC 7518, 8037 and 9864; no others, and never `none`. `EdDSA`
 * is the older name of what `Ed25519` says precisely: both are the same signature.
 */
export const SIGNATURE_ALGORITHMS = {
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  ES384: { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
  PS256: { name: "RSA-PSS", hash: "SHA-256", saltLength: 32 },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  EdDSA: { name: "Ed25519" },
  Ed25519: { name: "Ed25519" },
} as const;
export type SignatureAlgorithm = keyof typeof SIGNATURE_ALGORITHMS;

/** @throws WrongStatement unless one of the keys has signed these very bytes. */
export async function checkSignature(
  jws: string,
  manifest: string,
  keys: readonly VerificationKey[],
): Promise<SignatureCheck> {
  const [header = "", payload, signature = "", ...more] = jws.trim().split(".");
  const { alg, kid, ...others } = headerOf(header);
  const isKnown =
    typeof alg === "string" && isAlgorithm(alg) && !("crit" in others) && !("b64" in others);
  if (payload !== "" || more.length > 0 || !isKnown) {
    throw new WrongStatement("the manifest's signature has a form that is not known", "unknown");
  }
  const signed = new TextEncoder().encode(`${header}.${base64url(manifest)}`);
  for (const key of keys) {
    if (key["kid"] !== undefined && kid !== undefined && key["kid"] !== kid) continue;
    if (!mayVerify(key, alg)) continue;
    if (await isSignedBy(key, alg, fromBase64url(signature), signed)) {
      return { algorithm: alg, keyId: typeof kid === "string" ? kid : undefined };
    }
  }
  throw new WrongStatement("the manifest is not signed by one of the keys", "unsigned");
}

/** As its owner limits it: RFC 7517, sections 4.2 to 4.4. */
function mayVerify({ use, key_ops: operations, alg }: VerificationKey, name: string): boolean {
  const isFor =
    operations === undefined || (Array.isArray(operations) && operations.includes("verify"));
  return isFor && (use === undefined || use === "sig") && (alg === undefined || isSame(alg, name));
}

/** A key of either name verifies a header of either. */
function isSame(alg: unknown, name: string): boolean {
  const isEdwards = (one: unknown): boolean => one === "EdDSA" || one === "Ed25519";
  return alg === name || (isEdwards(alg) && isEdwards(name));
}

function isAlgorithm(name: string): name is SignatureAlgorithm {
  return Object.hasOwn(SIGNATURE_ALGORITHMS, name);
}

async function isSignedBy(
  key: VerificationKey,
  name: SignatureAlgorithm,
  signature: Uint8Array<ArrayBuffer>,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const algorithm = SIGNATURE_ALGORITHMS[name];
  try {
    const { kid: _kid, use: _use, alg: _alg, key_ops: _keyOps, ...material } = key;
    const imported = await crypto.subtle.importKey("jwk", material, algorithm, false, ["verify"]);
    return await crypto.subtle.verify(algorithm, imported, signature, signed);
  } catch {
    // A key of another kind than the signature's.
    return false;
  }
}

function headerOf(encoded: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(fromBase64url(encoded)));
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function base64url(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let binary = "";
  // As many at a time as a function takes arguments anywhere.
  for (let at = 0; at < bytes.length; at += 0x2000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x2000));
  }
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Of no bytes when it is none. */
function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}
