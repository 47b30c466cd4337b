import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Writes a document so that a reader, or the next start, sees the old one or the new one whole.
 * Synchronous on purpose: a condition checked just before holds at the write, without a lock.
 */
export function writeJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, JSON.stringify(value));
  renameSync(temporary, path);
}

/** @throws Error that names the file, when it is not JSON. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new Error(`cannot read ${path}: move the damaged file away`, { cause });
  }
}

/** Every document of a folder; a temporary file left by a kill is not one. */
export function readJsonFolder(folder: string): unknown[] {
  return listFolder(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => readJson(join(folder, name)));
}

/** The names in a folder, none when it does not exist. */
export function listFolder(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder);
}
