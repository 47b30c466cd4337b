/** `--keys FILE`: the public keys of whoever may sign statements. */
import { readFile } from "node:fs/promises";
import { Option } from "commander";
import type { VerificationKey } from "../../../functions/verification/manifest-signature.ts";
import { wrongUse } from "../words/exit.ts";

export interface KeysOption {
  readonly keys?: string | undefined;
}

export function keysOption(): Option {
  return new Option(
    "--keys <file>",
    "have the manifest's signature checked with these keys (JWKS)",
  );
}

/** `undefined` without the option: signatures are then not looked at. */
export async function readKeys({
  keys: file,
}: KeysOption): Promise<readonly VerificationKey[] | undefined> {
  if (file === undefined) return undefined;
  const keys = keysOf(await readJson(file));
  if (keys) return keys;
  throw wrongUse(`${file} holds no JSON Web Keys: {"keys": [{"kty": …}]} is looked for`);
}

/** Of a JWKS, or of one key; `undefined` for what is neither. */
export function keysOf(value: unknown): readonly VerificationKey[] | undefined {
  const keys = isObject(value) && Array.isArray(value["keys"]) ? value["keys"] : [value];
  return keys.every(isKey) ? keys : undefined;
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    const { code = "no JSON" } = error as NodeJS.ErrnoException;
    throw wrongUse(`${file} cannot be read (${code}): check --keys`);
  }
}

function isKey(value: unknown): value is VerificationKey {
  return isObject(value) && typeof value["kty"] === "string";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
