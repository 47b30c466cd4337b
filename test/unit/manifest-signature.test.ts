/** Manifests signed by an installation, checked with the Web's crypto and by jose. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compactVerify, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
import { buffer } from "node:stream/consumers";
import {
  checkSignature,
  SIGNATURE_ALGORITHMS,
  type VerificationKey,
} from "../../functions/verification/manifest-signature.ts";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { makeManifestSigner } from "../../functions/statement-builder/contents/manifest-signer.ts";
import { makeStatementZip } from "../../functions/statement-builder/zip/statement-zip.ts";
import { chunks, JANUARY, ROWS, snapshotOf } from "../support/statements/sample-statement.ts";
import { factsOf, unzip } from "../support/statements/statement.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signing-"));
});
afterAll(async () => await rm(folder, { recursive: true }));

interface Keys {
  readonly file: string;
  readonly publicKey: VerificationKey;
}

async function makeKeys(alg: string, kid: string): Promise<Keys> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const file = join(folder, `${kid}.json`);
  await writeFile(file, JSON.stringify({ ...(await exportJWK(privateKey)), alg, kid }));
  return { file, publicKey: { ...(await exportJWK(publicKey)), alg, kid } as VerificationKey };
}

async function signedZip(file: string): Promise<Buffer> {
  const zip = makeStatementZip(factsOf(JANUARY), snapshotOf(ROWS), {
    compression: "balanced",
    sign: await makeManifestSigner(file),
    signal: new AbortController().signal,
  });
  return await buffer(zip);
}

describe.each(Object.keys(SIGNATURE_ALGORITHMS))("%s", (alg) => {
  test("a signed statement is verified with the public key, and by jose", async () => {
    const { file, publicKey } = await makeKeys(alg, `key-${alg}`);
    const zip = await signedZip(file);
    expect(await verifyStatement(chunks(zip), { keys: [publicKey] })).toMatchObject({
      ok: true,
      signature: { algorithm: alg, keyId: `key-${alg}` },
    });
    expect(await verifyStatement(chunks(zip))).toMatchObject({ ok: true, signature: "unchecked" });
    const files = await unzip(zip);
    expect(Object.keys(files).slice(-3)).toEqual(["manifest.json", "manifest.jws", "SHA256SUMS"]);
    const [header, payload, signature] = (files["manifest.jws"] ?? "").split(".");
    expect(payload).toBe("");
    const attached = Buffer.from(files["manifest.json"] ?? "").toString("base64url");
    const key = await importJWK(publicKey as JWK, alg);
    const { payload: verified } = await compactVerify(`${header}.${attached}.${signature}`, key);
    expect(Buffer.from(verified).toString()).toBe(files["manifest.json"]);
  });
});

describe("with keys", () => {
  test("a statement without a signature is none", async () => {
    const { publicKey } = await makeKeys("ES256", "mine");
    const zip = makeStatementZip(factsOf(JANUARY), snapshotOf(ROWS), {
      compression: "balanced",
      signal: new AbortController().signal,
    });
    const found = await verifyStatement(chunks(await buffer(zip)), { keys: [publicKey] });
    expect(found).toMatchObject({ ok: false, problems: ["manifest.jws is missing"] });
  });

  test("another's signature is none", async () => {
    const { file } = await makeKeys("ES256", "mine");
    const { publicKey: other } = await makeKeys("ES256", "other");
    const { kid: _, ...nameless } = other;
    const zip = await signedZip(file);
    for (const keys of [[], [other], [nameless as VerificationKey]]) {
      expect(await verifyStatement(chunks(zip), { keys })).toMatchObject({
        ok: false,
        problems: ["manifest.jws: the manifest is not signed by one of the keys"],
      });
    }
  });

  test.each([
    ["EdDSA", "Ed25519"],
    ["Ed25519", "EdDSA"],
  ] as const)(
    "a header with %s is verified by a key with %s, and by none of another use",
    async (header, alg) => {
      const { file, publicKey } = await makeKeys(header, "mine");
      const jws = await (await makeManifestSigner(file))(Buffer.from("{}"));
      const check = (key: object) => checkSignature(jws, "{}", [{ ...publicKey, ...key }]);
      await expect(check({ alg })).resolves.toEqual({ algorithm: header, keyId: "mine" });
      for (const other of [{ alg: "ES256" }, { use: "enc" }, { key_ops: ["sign"] }]) {
        await expect(check(other)).rejects.toThrow("not signed");
      }
    },
  );

  test("a changed manifest, and forms that are not signatures, are refused", async () => {
    const { file, publicKey } = await makeKeys("EdDSA", "mine");
    const sign = await makeManifestSigner(file);
    const jws = await sign(Buffer.from("{}"));
    await expect(checkSignature(jws, "{}", [publicKey])).resolves.toMatchObject({ keyId: "mine" });
    await expect(checkSignature(jws, "{ }", [publicKey])).rejects.toThrow("not signed");
    const [header = "", , signature = ""] = jws.split(".");
    const encoded = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString("base64url");
    for (const form of [
      "",
      "..",
      `${header}.e30.${signature}`,
      `${encoded({ alg: "none" })}..`,
      `${encoded({ alg: "HS256" })}..${signature}`,
      `${encoded({ alg: "EdDSA", crit: ["b64"], b64: false })}..${signature}`,
      `${header}..${signature}.more`,
    ]) {
      await expect(checkSignature(form, "{}", [publicKey])).rejects.toThrow("not known");
    }
  });
});

test.each([
  ["no key", "{}"],
  ["a public key", JSON.stringify({ kty: "OKP", crv: "Ed25519", x: "AA", alg: "EdDSA" })],
  ["a key without alg", JSON.stringify({ kty: "OKP", crv: "Ed25519", x: "AA", d: "AA" })],
  ["a symmetric key", JSON.stringify({ kty: "oct", k: "AA", d: "AA", alg: "HS256" })],
  ["no JSON", "-----BEGIN PRIVATE KEY-----"],
])("%s in the file ends the start with what is wanted", async (_, text) => {
  const file = join(folder, "wrong.json");
  await writeFile(file, text);
  await expect(makeManifestSigner(file)).rejects.toThrow(
    `SIGNING_KEY_FILE: ${file} must hold a private JSON Web Key with alg`,
  );
});
