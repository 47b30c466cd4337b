/** Signs manifests with a private key of the installation. */
import { readFile } from "node:fs/promises";
import type { JWK } from "jose";
import { SIGNATURE_ALGORITHMS } from "../../verification/manifest-signature.ts";
import type { SignManifest } from "./statement-files.ts";

/**
 * @param file a private key as JSON Web Key with `alg`, and a `kid` for whoever has several to check
 * with
 * @throws Error when the file holds no such key
 */
export async function makeManifestSigner(file: string): Promise<SignManifest> {
  // Loaded only where an installation signs.
  const { CompactSign, importJWK } = await import("jose");
  const { alg, kid, ...key } = await readKey(file);
  const privateKey = await importJWK(key, alg);
  const header = { alg, ...(kid === undefined ? {} : { kid }) };
  return async (manifest) => {
    const jws = await new CompactSign(manifest).setProtectedHeader(header).sign(privateKey);
    const [protectedHeader = "", , signature = ""] = jws.split(".");
    return `${protectedHeader}..${signature}`;
  };
}

async function readKey(file: string): Promise<JWK & { readonly alg: string }> {
  const wanted = `SIGNING_KEY_FILE: ${file} must hold a private JSON Web Key with alg`;
  try {
    const key = JSON.parse(await readFile(file, "utf8")) as JWK;
    const { alg, d } = key;
    if (d !== undefined && alg !== undefined && Object.hasOwn(SIGNATURE_ALGORITHMS, alg)) {
      return { ...key, alg };
    }
  } catch (cause) {
    throw new Error(wanted, { cause });
  }
  throw new Error(`${wanted}, one of ${Object.keys(SIGNATURE_ALGORITHMS).join(", ")}`);
}
