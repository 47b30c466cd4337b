import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/**
 * A file of JSON lines that only grows while it is open. An entry is in the file when `append`
 * returns, so that it survives the death of the process at any later moment.
 */
export interface ChangeLog {
  append(entry: unknown): void;
  close(): void;
}

/** The entries of the file; none when there is no file. */
export function readChangeLog(file: string): unknown[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  // Without its line end the last line was never answered for: the process died in mid-write.
  lines.pop();
  return lines.map((line, index) => {
    try {
      return JSON.parse(line) as unknown;
    } catch (cause) {
      const where = `${file}, line ${index + 1}`;
      throw new Error(`cannot read ${where}: repair the line or move the file away`, { cause });
    }
  });
}

/** Starts the file anew with these entries: whole, or the old file stays. */
export function startChangeLog(file: string, entries: readonly unknown[]): ChangeLog {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.tmp`;
  writeFileSync(temporary, entries.map(lineOf).join(""));
  renameSync(temporary, file);
  const handle = openSync(file, "a");
  return {
    append(entry) {
      const { size } = fstatSync(handle);
      try {
        writeFileSync(handle, lineOf(entry));
      } catch (error) {
        // A full disk must not leave half a line for the next entry to be written behind.
        ftruncateSync(handle, size);
        throw error;
      }
    },
    close: () => closeSync(handle),
  };
}

function lineOf(entry: unknown): string {
  return `${JSON.stringify(entry)}\n`;
}
