/** What can be wrong with a file of a statement, or with the zip. Published: a word is never renamed. */
export type ProblemKind =
  /** Listed, and not in the zip. */
  | "missing"
  /** In the zip, and not listed. */
  | "added"
  /** Other bytes than those that are listed, or than its checksum in the zip says. */
  | "changed"
  /** In another place among the files than it is listed. */
  | "moved"
  /** In the zip more than once. */
  | "doubled"
  /** Says something else than the rest of the statement. */
  | "contradictory"
  /** No form that a verifier knows: of a later version, or of nobody. */
  | "unknown"
  /** Not signed by one of the keys. */
  | "unsigned"
  /** No whole zip, or not the zip as the builder wrote it. */
  | "damaged";

/** In words for a person, who may never have seen the inside of a zip; no values but the names of files. */
export interface StatementProblem {
  readonly kind: ProblemKind;
  /** The entry's name; `null` when it is the zip as a whole. */
  readonly file: string | null;
  readonly message: string;
}

const MAX_NAME_LENGTH = 100;

/** An entry's name for a message: whoever wrote the zip chose it, and a terminal shows it. */
export function shownName(name: string): string {
  return name.slice(0, MAX_NAME_LENGTH).replace(/[^\x20-\x7e]/g, "?");
}

/** The statement contradicts itself; its message says where, and holds no values. */
export class WrongStatement extends Error {
  override readonly name = "WrongStatement";
  readonly kind: ProblemKind;

  constructor(message: string, kind: ProblemKind = "contradictory") {
    super(message);
    this.kind = kind;
  }
}
