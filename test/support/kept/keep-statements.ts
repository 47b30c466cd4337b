/**
 * `node test/support/kept/keep-statements.ts`, or with another FOLDER: keeps statements of this version in
 * `test/kept/VERSION/`, with the public keys of those that are signed and the verifier that this
 * version ships, and its intake and builder. Once for each release: what is kept is never made again.
 */
import { createHash, generateKeyPairSync, type KeyPairKeyObjectResult } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { makeManifestSigner } from "../../../functions/statement-builder/contents/manifest-signer.ts";
import type {
  SignatureAlgorithm,
  VerificationKey,
} from "../../../functions/verification/manifest-signature.ts";
import { verifyStatement } from "../../../functions/verification/verify-statement.ts";
import { keepFunctions } from "./keep-functions.ts";
import { KEPT_STATEMENTS, makeKeptStatement, startKeptBank } from "./kept-statements.ts";
import { chunks } from "../statements/sample-statement.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");

/** What `statements.json` says of each. */
export interface KeptFile {
  readonly file: string;
  /** Of the zip. */
  readonly sha256: string;
  readonly schema: string;
  readonly rows: number;
  readonly content_sha256: string;
  readonly entries: readonly string[];
  /** `kid` of the key that signed it. */
  readonly key: string | null;
}

function newKeys(algorithm: SignatureAlgorithm): KeyPairKeyObjectResult {
  switch (algorithm) {
    case "ES256":
      return generateKeyPairSync("ec", { namedCurve: "P-256" });
    case "ES384":
      return generateKeyPairSync("ec", { namedCurve: "P-384" });
    case "PS256":
    case "RS256":
      return generateKeyPairSync("rsa", { modulusLength: 2048 });
    case "EdDSA":
    case "Ed25519":
      return generateKeyPairSync("ed25519");
  }
}

/** The private key is gone when this has ended. */
async function makeSigner(algorithm: SignatureAlgorithm, kid: string) {
  const { publicKey, privateKey } = newKeys(algorithm);
  const folder = await mkdtemp(join(tmpdir(), "keep-"));
  try {
    const file = join(folder, "key.json");
    const key = { ...privateKey.export({ format: "jwk" }), alg: algorithm, kid };
    await writeFile(file, JSON.stringify(key), { mode: 0o600 });
    const sign = await makeManifestSigner(file);
    return { sign, key: { ...publicKey.export({ format: "jwk" }), kid } as VerificationKey };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function keep(folder: string): Promise<void> {
  // Fails when there is one: nobody makes these again.
  await mkdir(folder);
  await using server = await startKeptBank();
  const keys: VerificationKey[] = [];
  const files: KeptFile[] = [];
  for (const statement of KEPT_STATEMENTS) {
    const { name, signed } = statement;
    const kid = signed === undefined ? null : `kept-${signed}`;
    const signer = signed && kid ? await makeSigner(signed, kid) : undefined;
    if (signer) keys.push(signer.key);
    const zip = await makeKeptStatement(server.databaseUrl, statement, signer?.sign);
    const checked = await verifyStatement(chunks(zip), { keys: signer && [signer.key] });
    if (!checked.ok) throw new Error(`${name}: ${checked.problems.join()}`);
    await writeFile(join(folder, `${name}.zip`), zip);
    const { manifest } = checked;
    files.push({
      file: `${name}.zip`,
      sha256: createHash("sha256").update(zip).digest("hex"),
      schema: manifest.schema,
      rows: manifest.rows,
      content_sha256: manifest.content_sha256,
      entries: manifest.files.map(({ path }) => path),
      key: kid,
    });
  }
  await writeFile(join(folder, "keys.json"), `${JSON.stringify(keys, null, 2)}\n`);
  await writeFile(join(folder, "statements.json"), `${JSON.stringify(files, null, 2)}\n`);
  await build({
    absWorkingDir: REPOSITORY,
    entryPoints: ["infra/clients/consumer/index.ts"],
    outfile: join(folder, "verifier.js"),
    bundle: true,
    platform: "browser",
    target: ["es2022", "node20"],
    format: "esm",
    logLevel: "warning",
  });
  await keepFunctions(folder);
}

if (import.meta.main) {
  const packageJson = await readFile(join(REPOSITORY, "package.json"), "utf8");
  const { version } = JSON.parse(packageJson) as { readonly version: string };
  await keep(process.argv[2] ?? join(REPOSITORY, "test/kept", version));
}
