/** manifest.jws as libraries of JOSE see it that were written without us; the README has what came of it. */
import type { webcrypto } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeManifestSigner } from "../../functions/statement-builder/contents/manifest-signer.ts";
import {
  readSignatures,
  VERIFIES,
  type Said,
  type Signed,
} from "../support/programs/signature-readers.ts";

const RSA = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" };
const KEYS = {
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  ES384: { name: "ECDSA", namedCurve: "P-384" },
  PS256: { name: "RSA-PSS", ...RSA },
  RS256: { name: "RSASSA-PKCS1-v1_5", ...RSA },
  EdDSA: { name: "Ed25519" },
  Ed25519: { name: "Ed25519" },
  // In the header, and in the key of whoever verifies: RFC 9864 renames the first.
  "EdDSA(Ed25519)": { name: "Ed25519" },
  "Ed25519(EdDSA)": { name: "Ed25519" },
} as const;
const ALTERED = "altered";

let folder = "";
let said: Readonly<Record<string, Said>>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signatures-"));
  const signed = await Promise.all(Object.entries(KEYS).map(([alg, use]) => signedBy(alg, use)));
  said = await readSignatures(signed.flat());
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** As the builder signs, and the same signature under another manifest. */
async function signedBy(
  name: string,
  use: (typeof KEYS)[keyof typeof KEYS],
): Promise<readonly Signed[]> {
  const pair = (await crypto.subtle.generateKey(use, true, [
    "sign",
    "verify",
  ])) as webcrypto.CryptoKeyPair;
  const [, alg = name, keyAlg = alg] = /^(\w+)\((\w+)\)$/.exec(name) ?? [];
  const jwk = async (key: webcrypto.CryptoKey, alg: string) => {
    const { key_ops: _, ext: __, ...rest } = await crypto.subtle.exportKey("jwk", key);
    return { ...rest, alg, kid: "2026-11" };
  };
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify(await jwk(pair.privateKey, alg)));
  const payload = `${JSON.stringify({ customer_id: "Zoë", rows: 4 }, null, 2)}\n`;
  const jws = await (await makeManifestSigner(file))(Buffer.from(payload));
  const key = await jwk(pair.publicKey, keyAlg);
  return [
    { name, alg, key, jws, payload },
    { name: `${name} ${ALTERED}`, alg, key, jws, payload: payload.replace("4", "5") },
  ];
}

test("no library takes a signature of another manifest", () => {
  expect(Object.keys(said)).toHaveLength(9);
  for (const words of Object.values(said)) {
    const altered = Object.entries(words).filter(([name]) => name.endsWith(ALTERED));
    expect(altered).toHaveLength(Object.keys(KEYS).length);
    for (const [, word] of altered) expect(word).not.toBe(VERIFIES);
  }
});

test("each verifies what the README says it does", async () => {
  const file = new URL("../../functions/statement-builder/formats/README.md", import.meta.url);
  const readme = await readFile(file, "utf8");
  const rows = Object.entries(said).map(([library, words]) => {
    const verified = Object.keys(KEYS).filter((alg) => words[alg] === VERIFIES);
    const others = Object.keys(KEYS).filter((alg) => !verified.includes(alg));
    return [library, verified.join(" "), others.join(" ")];
  });
  const written = readme
    .split("\n")
    .map((line) =>
      line
        .split("|")
        .map((cell) => cell.trim())
        .slice(1, -1),
    )
    .filter(([library]) => rows.some(([one]) => one === library));
  expect(written).toEqual(rows);
});
