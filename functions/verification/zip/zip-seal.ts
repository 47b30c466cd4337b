/**
 * The seal of a zip: its end comment is `sha256:` and the SHA-256, in hex, of all bytes before the
 * comment. Whatever bit of the zip changes afterwards, the two no longer agree; that includes bits
 * that no reader of zips looks at, such as the padding of compressed data. From version 2 of the
 * manifest's schema on a statement has one, and every entry has the time and the rights of a
 * statement's: what is unpacked is a plain file, and nothing that a program would run or follow.
 */
import { makeSha256 } from "../sha256.ts";
import { shownName, type StatementProblem } from "../wrong-statement.ts";
import type { ZipDirectory, ZipEntry } from "./zip-records.ts";

const PREFIX = "sha256:";
export const SEAL_BYTES = PREFIX.length + 64;

/** @param sha256 of every byte before the comment, its length included; lower-case hex */
export function sealOf(sha256: string): string {
  return PREFIX + sha256;
}

/** The hash of a zip, and of all its bytes but the seal, in one pass. */
export class SealedHash {
  readonly #before = makeSha256();
  /** The last bytes so far: they may be the seal. */
  #last: Uint8Array = new Uint8Array();

  update(bytes: Uint8Array): void {
    const joined = bytes.length < SEAL_BYTES ? concat(this.#last, bytes) : bytes;
    if (joined === bytes) this.#before.update(this.#last);
    const certain = Math.max(0, joined.length - SEAL_BYTES);
    this.#before.update(joined.subarray(0, certain));
    this.#last = Uint8Array.from(joined.subarray(certain));
  }

  /** Lower-case hex; the last call. */
  digest(): { readonly whole: string; readonly beforeSeal: string } {
    const beforeSeal = this.#before.copy().digest();
    this.#before.update(this.#last);
    return { whole: this.#before.digest(), beforeSeal };
  }
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}

/** Of UNIX, by a program of version 4.5 of the format. */
export const MADE_BY = (3 << 8) | 45;
/** The length of the data stands behind it. */
export const FLAGS = 1 << 3;
export const DEFLATED = 8;
/** A plain file that its owner may write and all may read; beside it MS-DOS's "archive". */
export const RIGHTS = ((0o100644 << 16) | 0x20) >>> 0;

/** What is not as the builder writes a zip whose manifest was made at this instant. */
export function problemsOfSeal(
  { entries, comment }: ZipDirectory,
  beforeSeal: string,
  generatedAt: string,
): readonly StatementProblem[] {
  const time = zipTime(Date.parse(generatedAt));
  const problems = entries
    .filter((entry) => !isOfStatement(entry, time))
    .map(({ name }): StatementProblem => {
      const message = `${shownName(name)}: its date or its rights in the zip are not those it was written with`;
      return { kind: "changed", file: name, message };
    });
  const sealed = comment.startsWith(PREFIX) && comment.length === SEAL_BYTES;
  const seal = sealed
    ? "the zip has changed since it was made: its bytes are not those that its seal names"
    : "the zip has no seal: another program has written it again, or has changed its end";
  if (comment === sealOf(beforeSeal)) return problems;
  return [...problems, { kind: "damaged", file: null, message: seal }];
}

const UNIX = 3;
const FILE_TYPE = 0o170000;
const PLAIN_FILE = 0o100000;
const MS_DOS_FOLDER = 0x10;

/**
 * What is not as in any zip of plain files: of the first version, which needs no seal. Many readers look for the
 * end of a zip from behind, and would find that of another zip in its comment.
 */
export function problemsWithoutSeal(
  { entries, comment }: ZipDirectory,
  beforeSeal: string,
): readonly StatementProblem[] {
  const problems = entries
    .filter((entry) => !isPlainFile(entry))
    .map(({ name }): StatementProblem => {
      const message = `${shownName(name)}: in the zip it is a link, a folder or a device, and no plain file`;
      return { kind: "changed", file: name, message };
    });
  if (comment === "" || comment === sealOf(beforeSeal)) return problems;
  const message = "the zip has changed since it was made: it has a comment";
  return [...problems, { kind: "damaged", file: null, message }];
}

function isPlainFile({ madeBy, rights }: ZipEntry): boolean {
  const type = (rights >>> 16) & FILE_TYPE;
  const isUnixPlain = madeBy >> 8 !== UNIX || type === 0 || type === PLAIN_FILE;
  return isUnixPlain && (rights & MS_DOS_FOLDER) === 0;
}

function isOfStatement(entry: ZipEntry, time: number): boolean {
  return (
    entry.madeBy === MADE_BY &&
    entry.flags === FLAGS &&
    entry.method === DEFLATED &&
    entry.time === time &&
    entry.rights === RIGHTS &&
    entry.isBare
  );
}

const FIRST_YEAR = 1980;
const LAST_YEAR = 2043;

/**
 * An instant as a zip's entries have it: the date in the upper 16 bits, the time of day in steps of
 * two seconds in the lower ones, here in UTC. Before 1980 and after 2043 there is none: the first or
 * the last that there is. Source: PKWARE, APPNOTE.TXT, 4.4.6.
 */
export function zipTime(epochMs: number): number {
  const first = Date.UTC(FIRST_YEAR, 0);
  const last = Date.UTC(LAST_YEAR + 1, 0) - 1;
  const at = new Date(Math.min(Math.max(epochMs, first), last));
  const date =
    ((at.getUTCFullYear() - FIRST_YEAR) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  const seconds = at.getUTCSeconds() >> 1;
  return ((date << 16) | (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | seconds) >>> 0;
}
