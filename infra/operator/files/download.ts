/** `statements download`: the file of an executed request, verified before it has its name. */
import { randomUUID } from "node:crypto";
import {
  access,
  constants,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Command } from "commander";
import type { ExecutedRequest } from "../../../functions/domain/statement-request.ts";
import { verifyStatement } from "../../../functions/verification/verify-statement.ts";
import type { VerificationKey } from "../../../functions/verification/manifest-signature.ts";
import { findExecuted, findObject } from "./executed.ts";
import { CommandError, EXIT, unmet, wrongUse } from "../words/exit.ts";
import { formatBytes } from "../words/record-view.ts";
import type { Session } from "../session/session.ts";
import { keysOption, readKeys, type KeysOption } from "./verification-keys.ts";
import { printVerification } from "./verify.ts";

interface DownloadOptions extends KeysOption {
  readonly directory: string;
  readonly force?: boolean;
}

export function downloadCommand(session: Session): Command {
  return new Command("download")
    .description("Fetches statements and verifies them; a file that does not verify is not kept.")
    .argument("<name...>", "of executed requests")
    .option("-d, --directory <folder>", "to put them in", ".")
    .option("--force", "replace files that are there")
    .addOption(keysOption())
    .addHelpText(
      "after",
      `
Examples:
  statements download transaction-request-customer-000001-1795434992079
  statements list -c customer-000001 --state executed -o name | xargs statements download -d out`,
    )
    .action(async (names: readonly string[], options: DownloadOptions) => {
      await makeFolder(options.directory, "--directory");
      for (const name of names) {
        try {
          await download(session, await findExecuted(session, name), options);
        } catch (error) {
          const isOfThisOne = error instanceof CommandError && error.code === EXIT.unmet;
          if (!isOfThisOne || names.length === 1) throw error;
          // Those behind it can be had all the same, as when the first ones are here already.
          for (const line of error.lines) session.screen.note(line);
          session.exitCode = EXIT.unmet;
        }
      }
    });
}

/** Before anything is asked for. @throws CommandError for one that cannot be made, or not be written */
export async function makeFolder(directory: string, option: string): Promise<void> {
  try {
    await makeFolders(resolve(directory));
    await access(directory, constants.W_OK);
  } catch (cause) {
    const { code = "unknown" } = cause as NodeJS.ErrnoException;
    throw wrongUse(`${directory} cannot be written (${code}): name another folder with ${option}`);
  }
}

/** One by one: Node's own `recursive` does not come to an end on every file system. */
async function makeFolders(directory: string): Promise<void> {
  if (await exists(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) await makeFolders(parent);
  await mkdir(directory).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  });
}

/** @returns the path of the file */
export async function download(
  session: Session,
  request: ExecutedRequest,
  { directory, force = false, keys: keysFile }: DownloadOptions,
): Promise<string> {
  const keys = await readKeys({ keys: keysFile });
  const path = join(directory, basename(request.object.key));
  if (!force && (await exists(path))) throw unmet(isThere(path));
  // Its own: two that fetch the same at once would give each other's unread file its name.
  const part = `${path}.${randomUUID()}.part`;
  await clearAbandoned(path);
  try {
    await fetchVerified(session, request, { part, path, keys });
    await (force ? rename : giveFreeName)(part, path).catch(refuse(path));
  } finally {
    await rm(part, { force: true });
  }
  return path;
}

/** `.UUID.part` behind the name of a file. */
const OF_A_FETCH = /^\.[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.part$/;
/** One that is written to is not so old: the store is given up after seconds of silence. */
const ABANDONED_MS = 24 * 3_600_000;

/** What earlier fetches of this file have left that were killed: a customer's rows, unproved. */
async function clearAbandoned(path: string): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)];
  const found = await readdir(folder).catch(() => []);
  for (const one of found) {
    if (!one.startsWith(name) || !OF_A_FETCH.test(one.slice(name.length))) continue;
    const file = join(folder, one);
    const { mtimeMs = Infinity } = (await lstat(file).catch(() => undefined)) ?? {};
    // What is not ours to delete is in nobody's way.
    if (Date.now() - mtimeMs > ABANDONED_MS) await rm(file, { force: true }).catch(() => undefined);
  }
}

interface Fetched {
  /** Where the bytes go, and what the file is to be called. */
  readonly part: string;
  readonly path: string;
  readonly keys: readonly VerificationKey[] | undefined;
}

/** Bytes are checked as they pass, so a file is read once. */
async function fetchVerified(
  session: Session,
  request: ExecutedRequest,
  { part, path, keys }: Fetched,
): Promise<void> {
  const { screen, signal } = session;
  const { object } = request;
  const bucket = await session.bucket(object.bucket);
  await findObject(bucket, request, signal);
  await using file = await openForWriting(part);
  async function* throughFile(): AsyncGenerator<Uint8Array> {
    let written = 0;
    for await (const chunk of bucket.read(object.key, signal)) {
      await file.writeFile(chunk).catch(refuse(path));
      written += chunk.length;
      const percent = Math.floor((100 * written) / request.bytes);
      screen.progress(`${basename(object.key)}: ${percent} % of ${formatBytes(request.bytes)}`);
      yield chunk;
    }
  }
  const found = await verifyStatement(throughFile(), { keys });
  await file.sync().catch(refuse(path));
  screen.progress("");
  printVerification(screen, path, found);
  if (!found.ok)
    throw unmet(
      "the object is not a valid statement and was not kept: tell whoever owns the bucket",
    );
  if (found.sha256 !== request.sha256) {
    throw unmet(
      `the object is whole, but not the file that the record ${request.facts.name} names; it was not kept`,
    );
  }
}

/** What `link` says on a file system without hard links, as FAT and some shares are. */
const NO_LINKS: readonly (string | undefined)[] = ["EPERM", "ENOTSUP", "ENOSYS"];

/** Never that of a file which has appeared meanwhile: a link is refused then, where a rename would replace it. */
async function giveFreeName(part: string, path: string): Promise<void> {
  try {
    await link(part, path);
  } catch (error) {
    if (!NO_LINKS.includes((error as NodeJS.ErrnoException).code)) throw error;
    // An empty file takes the name, which is refused in the same way, and is what the rename replaces.
    await (await open(path, "wx", 0o600)).close();
    await rename(part, path).catch(async (cause: unknown) => {
      await rm(path, { force: true });
      throw cause;
    });
  }
}

async function openForWriting(path: string) {
  // A customer's rows are for whoever fetched them.
  return await open(path, "wx", 0o600).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw wrongUse(`${path} cannot be written (${code ?? "unknown"}): check --directory`);
  });
}

/** Whatever is in the way, as a disk that is full: no defect of this program. */
function refuse(path: string): (error: unknown) => never {
  return (error) => {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw unmet(code === "EEXIST" ? isThere(path) : `${path} cannot be written (${code})`);
  };
}

function isThere(path: string): string {
  return `${path} is there already; --force replaces it`;
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
