/** The statements that are kept of each version, and the verifier that it shipped. */
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import type { verifyStatement } from "../../../infra/clients/consumer/statement-bytes.ts";
import type { VerificationKey } from "../../../functions/verification/manifest-signature.ts";
import type { KeptFile } from "./keep-statements.ts";

const KEPT = join(import.meta.dirname, "../../kept");

export interface KeptVersion {
  readonly folder: string;
  readonly zips: readonly string[];
  readonly statements: readonly KeptFile[];
  readonly keys: readonly VerificationKey[];
  readonly verifyStatement: typeof verifyStatement;
}

export async function keptVersions(): Promise<readonly string[]> {
  const found = await readdir(KEPT, { withFileTypes: true });
  return found.filter((one) => one.isDirectory()).map(({ name }) => name);
}

/** The functions kept in `from`, as Node runs them, in `to`. */
export async function unpackFunctions(from: string, to: string): Promise<void> {
  for (const file of await readdir(from)) {
    if (file.endsWith(".wasm")) await copyFile(join(from, file), join(to, file));
    if (!file.endsWith(".js.gz")) continue;
    const source = gunzipSync(await readFile(join(from, file)));
    await writeFile(join(to, file.replace(".js.gz", ".mjs")), source);
  }
}

export async function readKept(version: string): Promise<KeptVersion> {
  const folder = join(KEPT, version);
  const read = async (file: string): Promise<unknown> =>
    JSON.parse(await readFile(join(folder, file), "utf8"));
  const verifier = pathToFileURL(join(folder, "verifier.js")).href;
  const consumer = (await import(verifier)) as Pick<KeptVersion, "verifyStatement">;
  return {
    folder,
    zips: (await readdir(folder)).filter((file) => file.endsWith(".zip")),
    statements: (await read("statements.json")) as readonly KeptFile[],
    keys: (await read("keys.json")) as readonly VerificationKey[],
    verifyStatement: consumer.verifyStatement,
  };
}
