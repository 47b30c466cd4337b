/**
 * Whether a zip is a whole and right statement, from its bytes alone: anyone can check it. The
 * hashes, the row count, every sum and balance are computed anew from the tables and held against
 * what the manifest says. One pass, flat memory, web standards only.
 */
import { MANIFEST_SCHEMAS, type Manifest } from "../domain/manifest.ts";
import type { SignatureCheck, VerificationKey } from "./manifest-signature.ts";
import { StatementContents } from "./statement-contents.ts";
import type { StatementProblem } from "./wrong-statement.ts";
import { readZip } from "./zip/zip-reader.ts";
import { DamagedZip } from "./zip/zip-records.ts";
import { problemsOfSeal, problemsWithoutSeal, SealedHash } from "./zip/zip-seal.ts";

export interface VerificationOptions {
  /**
   * Public keys of whoever may sign. With them, a statement without a signature of one of these is
   * none; without them, signatures are not looked at.
   */
  readonly keys?: readonly VerificationKey[] | undefined;
}

export type Verification =
  | {
      readonly ok: true;
      readonly manifest: Manifest;
      /**
       * Whether one of the keys has signed it. Without keys nobody knows who made it, however right
       * it is: whoever can write a zip can also write its hashes.
       */
      readonly authentic: boolean;
      /** Without keys `absent`, or `unchecked` where there is one. */
      readonly signature: SignatureCheck;
      /** Of the zip. */
      readonly bytes: number;
      /** Of the zip, lower-case hex. */
      readonly sha256: string;
    }
  | {
      readonly ok: false;
      /**
       * What is wrong, for a person: its only values are names of files, in which account numbers stand
       * where each account has a file. Everything that is wrong,
       * and of each file the first: one that has changed may say anything else as well.
       */
      readonly problems: readonly string[];
      /** The same for programs, in the same order. */
      readonly details: readonly StatementProblem[];
      /** Of what was read: of a zip that is not whole the bytes up to where it ends to be one. */
      readonly bytes: number;
      /** Of the same bytes. */
      readonly sha256: string;
    };

/** Never throws for what the bytes are, only what their source throws. */
export async function verifyStatement(
  bytes: AsyncIterable<Uint8Array>,
  { keys }: VerificationOptions = {},
): Promise<Verification> {
  const hash = new SealedHash();
  let length = 0;
  const onBytes = (chunk: Uint8Array): void => {
    hash.update(chunk);
    length += chunk.length;
  };
  const contents = new StatementContents();
  const problems = new Problems();
  const onDamage = ({ file, message }: DamagedZip): void =>
    problems.add({ kind: file === null ? "damaged" : "changed", file, message });
  const open = (name: string) => contents.open(name);
  try {
    const directory = await readZip(bytes, open, onBytes, onDamage);
    const { whole: sha256, beforeSeal } = hash.digest();
    const { manifest, signature, problems: found } = await contents.check(problems.files, keys);
    found.forEach((one) => problems.add(one));
    if (manifest) {
      const ofZip =
        manifest.schema === MANIFEST_SCHEMAS[0]
          ? problemsWithoutSeal(directory, beforeSeal)
          : problemsOfSeal(directory, beforeSeal, manifest.generated_at);
      ofZip.forEach((one) => problems.add(one));
    }
    if (manifest && problems.all.length === 0) {
      const authentic = typeof signature === "object";
      return { ok: true, authentic, manifest, signature, bytes: length, sha256 };
    }
    return wrong(problems, length, sha256);
  } catch (error) {
    if (!(error instanceof DamagedZip)) throw error;
    problems.add({ kind: "damaged", file: error.file, message: error.message });
    return wrong(problems, length, hash.digest().whole);
  }
}

function wrong({ all }: Problems, bytes: number, sha256: string): Verification {
  return { ok: false, problems: all.map(({ message }) => message), details: all, bytes, sha256 };
}

/** The first of each file, in the order they were found. */
class Problems {
  readonly all: StatementProblem[] = [];
  readonly files = new Set<string>();

  add(problem: StatementProblem): void {
    const { file } = problem;
    if (file !== null && this.files.has(file)) return;
    if (file !== null) this.files.add(file);
    this.all.push(problem);
  }
}
