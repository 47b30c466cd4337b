/** Libraries of JOSE that know nothing of ours: each is given signed manifests, and says what it makes of them. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as jose from "jose";
import { goProgram } from "../../../infra/local/programs/go-program.ts";
import { runJava } from "./java-program.ts";
import { pythonWith } from "./python-packages.ts";
import { run, withZipFile as withFile } from "../statements/statement.ts";

export interface Signed {
  readonly name: string;
  readonly alg: string;
  /** Public, with `alg` and `kid`. */
  readonly key: Readonly<Record<string, unknown>>;
  /** `manifest.jws` */
  readonly jws: string;
  readonly payload: string;
}

/** By the signature's name, `verifies` or why not. */
export type Said = Readonly<Record<string, string>>;

export const VERIFIES = "verifies";

/** By library and version. */
export async function readSignatures(
  all: readonly Signed[],
): Promise<Readonly<Record<string, Said>>> {
  return await withFile(Buffer.from(JSON.stringify(all)), async (_, file) => {
    const [python, java, go, npm] = await Promise.all([
      byPython(file),
      byJava(file),
      byGo(file),
      byNpm(all),
    ]);
    return { ...npm, ...python, ...go, ...java };
  });
}

async function byNpm(all: readonly Signed[]): Promise<Record<string, Said>> {
  const said = await Promise.all(
    all.map(async ({ name, alg, key, jws, payload }) => {
      const [protectedHeader = "", , signature = ""] = jws.split(".");
      const parts = { protected: protectedHeader, payload: new TextEncoder().encode(payload) };
      const verified = jose
        // What is not encoded in the JWS is given as it is signed: in base64url.
        .flattenedVerify(
          { ...parts, payload: jose.base64url.encode(parts.payload), signature },
          await jose.importJWK(key, alg),
        )
        .then(() => VERIFIES, String);
      return [name, await verified] as const;
    }),
  );
  const manifest = new URL("../../../node_modules/jose/package.json", import.meta.url);
  const { version } = JSON.parse(await readFile(manifest, "utf8")) as { readonly version: string };
  return { [`jose (npm) ${version}`]: Object.fromEntries(said) };
}

const PYTHON = {
  "PyJWT 2.15.1": `jwt.PyJWS().decode(attached(case), jwt.PyJWK(case["key"]).key, algorithms=[case["alg"]])`,
  "joserfc 1.8.0": `joserfc.jws.deserialize_compact(attached(case), joserfc.jwk.import_key(case["key"]), algorithms=[case["alg"]])`,
  "joserfc 1.8.0, as it is": `joserfc.jws.deserialize_compact(attached(case), joserfc.jwk.import_key(case["key"]))`,
  "Authlib 1.9.10": `authlib.jose.JsonWebSignature([case["alg"]]).deserialize_compact(attached(case), authlib.jose.JsonWebKey.import_key(case["key"]))`,
  "jwcrypto 1.6.1": `jwcrypto_verify(attached(case), case)`,
};
const PROGRAM = `
import base64, json, sys, warnings
warnings.simplefilter("ignore")
import jwt, joserfc.jws, joserfc.jwk, authlib.jose, jwcrypto.jwk, jwcrypto.jws
def attached(case):
    header, _, signature = case["jws"].split(".")
    payload = base64.urlsafe_b64encode(case["payload"].encode()).rstrip(b"=").decode()
    return f"{header}.{payload}.{signature}"
def jwcrypto_verify(token, case):
    jws = jwcrypto.jws.JWS()
    jws.allowed_algs = [case["alg"]]
    jws.deserialize(token, jwcrypto.jwk.JWK(**case["key"]))
said = {}
for case in json.load(open(sys.argv[1], encoding="utf-8")):
    for library, verify in json.loads(sys.argv[2]).items():
        try:
            eval(verify)
            word = "${VERIFIES}"
        except Exception as error:
            word = f"{type(error).__name__}: {error}"
        said.setdefault(library, {})[case["name"]] = word
print(json.dumps(said))
`;

async function byPython(file: string): Promise<Record<string, Said>> {
  const python = await pythonWith("jose");
  const { stdout } = await python.run("-c", PROGRAM, file, JSON.stringify(PYTHON));
  return JSON.parse(stdout) as Record<string, Said>;
}

const GO = new URL("go/jose/", import.meta.url).pathname;

async function byGo(file: string): Promise<Record<string, Said>> {
  const path = await goProgram({
    name: "jose-reader",
    version: await hashOf(join(GO, "main.go"), join(GO, "go.sum")),
    takes: "half a minute",
    cwd: GO,
    build: (folder) => ["build", "-o", join(folder, "jose-reader"), "."],
  });
  const { stdout } = await run(path, [file]);
  return { "go-jose 4.1.9": JSON.parse(stdout) as Said };
}

async function byJava(file: string): Promise<Record<string, Said>> {
  const said = JSON.parse(await runJava("jose", [file])) as Record<string, Said>;
  const { Nimbus = {}, jose4j = {} } = said;
  return { "Nimbus JOSE + JWT 10.0.2": Nimbus, "jose4j 0.9.6": jose4j };
}

async function hashOf(...files: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) hash.update(await readFile(file));
  return hash.digest("hex").slice(0, 12);
}
