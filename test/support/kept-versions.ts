/** The statements that are kept of each version, and the verifier that it shipped. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { verifyStatement } from "../../infra/clients/consumer/statement-bytes.ts";
import type { VerificationKey } from "../../functions/verification/manifest-signature.ts";
import type { KeptFile } from "./keep-statements.ts";

const KEPT = join(import.meta.dirname, "../kept");

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
