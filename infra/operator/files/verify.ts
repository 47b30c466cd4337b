/** `statements verify`: whether a file is a whole and right statement, from its bytes alone. */
import { createReadStream } from "node:fs";
import { access, constants, stat } from "node:fs/promises";
import { Command } from "commander";
import type { VerificationKey } from "../../../functions/verification/manifest-signature.ts";
import {
  verifyStatement,
  type Verification,
} from "../../../functions/verification/verify-statement.ts";
import { keysOption, readKeys, type KeysOption } from "./verification-keys.ts";
import { CommandError, EXIT, unmet, wrongUse } from "../words/exit.ts";
import { count } from "../words/plural.ts";
import { formatBytes } from "../words/record-view.ts";
import type { Session } from "../session/session.ts";
import type { Screen } from "../words/terminal.ts";

interface VerifyOptions extends KeysOption {
  readonly ledger?: boolean;
  readonly json?: boolean;
}

export function verifyCommand(session: Session): Command {
  return new Command("verify")
    .description(
      "Proves files from their own bytes: hashes, rows, sums, balances. Needs no cluster.",
    )
    .argument("<file...>", "statements (.zip)")
    .option("--ledger", "also hold each against the hash in its request's record")
    .option("--json", "an object a line for each file, for programs")
    .addOption(keysOption())
    .addHelpText(
      "after",
      `
Examples:
  statements verify customer-000001-1735686000-1767135600-1795434992291.zip
  statements verify --ledger out/*.zip
  statements verify --keys bank-keys.json statement.zip
  statements verify --json statement.zip | jq -r '.problems[].file'`,
    )
    .action(async (files: readonly string[], options: VerifyOptions) => {
      const keys = await readKeys(options);
      // All of them before the first: of wrong use nothing is tried.
      const sizes = await Promise.all(files.map(sizeOf));
      for (const [i, file] of files.entries()) {
        const isRight = await verifyFile(session, { file, size: sizes[i] ?? 0, keys }, options);
        if (!isRight) session.exitCode = EXIT.unmet;
      }
    });
}

interface Given {
  readonly file: string;
  readonly size: number;
  readonly keys: readonly VerificationKey[] | undefined;
}

async function verifyFile(
  session: Session,
  { file, size, keys }: Given,
  options: VerifyOptions,
): Promise<boolean> {
  const { screen } = session;
  const found = await verifyStatement(readWithProgress(screen, file, size), { keys });
  screen.progress("");
  const ofRecord = found.ok && options.ledger ? await recordOf(session, found) : undefined;
  if (options.json) {
    screen.print(JSON.stringify(verdict(file, found, ofRecord)));
  } else {
    printVerification(screen, file, found);
    if (ofRecord) screen.print(`  ${ofRecord.text(screen)}`);
  }
  return found.ok && ofRecord?.isRight !== false;
}

type Verified = Extract<Verification, { readonly ok: true }>;

interface OfRecord {
  readonly isRight: boolean;
  readonly text: (screen: Screen) => string;
}

/** Whether it is the file that its request's record names. */
async function recordOf(session: Session, { manifest, sha256 }: Verified): Promise<OfRecord> {
  const request = await session.find(manifest.request_id).then(
    (stored) => stored.request,
    (error: unknown) => {
      if (error instanceof CommandError && error.code === EXIT.unmet) return error;
      throw error;
    },
  );
  if (request instanceof CommandError) {
    const [reason = ""] = request.lines;
    return { isRight: false, text: (screen) => screen.paint("red", reason) };
  }
  const isRight = request.status === "executed" && request.sha256 === sha256;
  const other = `that the record ${request.facts.name} (${request.status}) names`;
  return {
    isRight,
    text: (screen) =>
      isRight
        ? "is the file that its record names"
        : `${screen.paint("red", "is whole, but not the file")} ${other}`,
  };
}

/** What `--json` prints of a file: published, fields are only added. */
function verdict(file: string, found: Verification, ofRecord: OfRecord | undefined) {
  const { ok, bytes, sha256 } = found;
  return {
    file,
    ok: ok && ofRecord?.isRight !== false,
    bytes,
    sha256,
    statement_id: ok ? found.manifest.statement_id : null,
    request_id: ok ? found.manifest.request_id : null,
    rows: ok ? found.manifest.rows : null,
    signature: ok ? found.signature : null,
    is_file_of_record: ofRecord?.isRight ?? null,
    problems: ok ? [] : found.details.map((one) => ({ ...one })),
  };
}

async function sizeOf(file: string): Promise<number> {
  const found = await readable(file).catch((error: unknown) => {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw code === "ENOENT"
      ? unmet(`there is no file ${file}`)
      : wrongUse(`${file} cannot be read (${code}): check its name and its rights`);
  });
  if (!found.isFile()) throw wrongUse(`${file} is no file`);
  return found.size;
}

async function readable(file: string) {
  await access(file, constants.R_OK);
  return await stat(file);
}

async function* readWithProgress(
  screen: Screen,
  file: string,
  size: number,
): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    const bytes = chunk as Uint8Array;
    read += bytes.length;
    screen.progress(`${file}: ${Math.floor((100 * read) / size)} % of ${formatBytes(size)}`);
    yield bytes;
  }
}

export function printVerification(screen: Screen, file: string, found: Verification): void {
  if (!found.ok) {
    screen.print(`${file}: ${screen.paint("red", "does not verify")}`);
    for (const problem of found.problems) screen.print(`  ${problem}`);
    return;
  }
  const { manifest, bytes, sha256 } = found;
  const { start_date: start, end_date: end, time_zone: zone } = manifest.period;
  screen.print(`${file}: ${screen.paint("green", "verified")}`);
  screen.print(`  ${manifest.customer_id}, ${start} to ${end} (${zone}), as of ${manifest.as_of}`);
  screen.print(
    `  ${count(manifest.rows, "row")} of ${count(manifest.accounts.length, "account")}, ${formatBytes(bytes)}`,
  );
  screen.print(`  request ${manifest.request_id}`);
  screen.print(`  sha256 ${sha256}`);
  screen.print(`  ${signatureLine(found)}`);
}

/** Who made it; that its numbers agree is said by then. */
function signatureLine({ signature }: Extract<Verification, { ok: true }>): string {
  if (signature === "absent") return "signature: none; anybody may have made it";
  if (signature === "unchecked") return "signature: there, not checked; --keys does it";
  const { keyId, algorithm } = signature;
  return `authentic: signed with ${keyId ?? "a key without a name"} (${algorithm})`;
}
