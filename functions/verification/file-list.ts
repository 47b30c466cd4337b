/** The files of a zip against a list of what they have to be. */
import { shownName, type StatementProblem } from "./wrong-statement.ts";

export interface ListedFile {
  readonly path: string;
  readonly sha256: string;
  /** `undefined` in a list that does not name it. */
  readonly bytes?: number;
}

/** Of a text as `sha256sum` writes it; `undefined` when it is none. */
export function readSums(text: string): readonly ListedFile[] | undefined {
  if (!text.endsWith("\n")) return undefined;
  const lines = text.slice(0, -1).split("\n");
  const files = lines.map((line) => /^([0-9a-f]{64}) {2}(.+)$/.exec(line));
  if (files.some((line) => !line)) return undefined;
  return files.map((line) => ({ sha256: line?.[1] ?? "", path: line?.[2] ?? "" }));
}

/**
 * What is missing, added, changed or moved; nothing when each file is as listed and in its place.
 * @param list the name of the file that has the list
 */
export function problemsOfList(
  found: readonly ListedFile[],
  listed: readonly ListedFile[],
  list: string,
): readonly StatementProblem[] {
  const inZip = new Map(found.map((file) => [file.path, file]));
  const inList = new Map(listed.map((file) => [file.path, file]));
  if (inList.size < listed.length) {
    return [{ kind: "contradictory", file: list, message: `${list} lists a file twice` }];
  }
  const problems: StatementProblem[] = [];
  for (const { path, sha256, bytes } of listed) {
    const file = inZip.get(path);
    if (!file) {
      const message = `${shownName(path)} is missing: ${list} lists it`;
      problems.push({ kind: "missing", file: path, message });
    } else if (file.sha256 !== sha256 || (bytes !== undefined && file.bytes !== bytes)) {
      const message = `${shownName(path)} has changed: ${list} lists other bytes (SHA-256)`;
      problems.push({ kind: "changed", file: path, message });
    }
  }
  for (const { path } of found) {
    if (inList.has(path)) continue;
    const message = `${shownName(path)} was added: ${list} does not list it`;
    problems.push({ kind: "added", file: path, message });
  }
  const places = listed.map(({ path }) => path).filter((path) => inZip.has(path));
  const order = found.map(({ path }) => path).filter((path) => inList.has(path));
  for (const path of movedIn(order, places)) {
    const message = `${shownName(path)} was moved: ${list} lists it in another place`;
    problems.push({ kind: "moved", file: path, message });
  }
  return problems;
}

/** The fewest files that have to be put back to have all in the order of the list. */
function movedIn(found: readonly string[], listed: readonly string[]): readonly string[] {
  const placeOf = new Map(listed.map((path, place) => [path, place]));
  const stay = longestRun(found.map((path) => placeOf.get(path) ?? 0));
  return found.filter((_, at) => !stay.has(at));
}

/** Where the numbers of the longest run that rises, with gaps, stand. Whoever wrote the zip chose their order. */
function longestRun(numbers: readonly number[]): ReadonlySet<number> {
  /** By length less one, where the run of that length ends that ends lowest; and before each place the run's last. */
  const ends: number[] = [];
  const before: (number | undefined)[] = [];
  for (const [at, number] of numbers.entries()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[ends[middle] ?? 0] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    before.push(ends[low - 1]);
    ends[low] = at;
  }
  const run = new Set<number>();
  for (let at = ends.at(-1); at !== undefined; at = before[at]) run.add(at);
  return run;
}
