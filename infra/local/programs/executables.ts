/** Programs that this machine has. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export function pathFolders(): readonly string[] {
  return (process.env["PATH"] ?? "").split(delimiter).filter(Boolean);
}

/** The first of these folders' programs of one of these names. */
export function findExecutable(
  folders: readonly string[],
  ...names: readonly string[]
): string | undefined {
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
}

export function isOnPath(program: string): boolean {
  return findExecutable(pathFolders(), program) !== undefined;
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
