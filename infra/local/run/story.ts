/** A request from the sample event to the file a customer gets, as it is shown to a person. */
import { join, relative } from "node:path";
import { count } from "../../operator/words/plural.ts";
import type { Installation } from "./installation.ts";
import type { Narrator } from "./narrator.ts";
import { type RequestChanges, watchRequests } from "./request-watch.ts";
import { postSampleRequest } from "./sample-request.ts";
import { differencesToSql } from "./sql-totals.ts";
import { fetchStatement, firstLines, type StatementFile } from "./statement-file.ts";

export interface Scene {
  readonly installation: Installation;
  readonly narrator: Narrator;
  /** Statements are put here. */
  readonly outDir: string;
}

/** Longer than the first retry's wait, so that a passing failure is seen to heal. */
const PATIENCE_MS = 120_000;
const SHOWN_LINES = 6;

/** @param replaced fields of the sample's data. @throws Error with the next step */
export async function tellSampleStory(
  scene: Scene,
  replaced: Readonly<Record<string, string>>,
): Promise<StatementFile> {
  const { installation, narrator } = scene;
  using changes = await watchRequests(installation);
  narrator.title(
    `Posting infra/clients/samples/statement-requested.json to ${installation.intakeUrl}`,
  );
  const posted = await postSampleRequest(installation.intakeUrl, replaced);
  narrator.line(`${posted.status} ${posted.answer}`);
  narrator.line(posted.name);
  const statement = await untilStatement(posted.name, changes, scene);
  await showStatement(statement, scene);
  return statement;
}

/** Follows one request to its end. @throws Error when that end is no statement */
async function untilStatement(
  name: string,
  changes: RequestChanges,
  { installation, narrator, outDir }: Scene,
): Promise<StatementFile> {
  const giveUp = AbortSignal.timeout(PATIENCE_MS);
  for (;;) {
    const request = await changes.next(giveUp);
    if (!request) throw new Error(`${name} did not come to its end in ${PATIENCE_MS / 1000} s`);
    if (request.facts.name !== name) continue;
    narrator.request(request);
    switch (request.status) {
      case "executed":
        return await fetchStatement(installation.objects, request, outDir);
      case "failed":
        throw new Error(`the request failed: ${request.errorCode}. ${nextStep(request.errorCode)}`);
      case "cancelled":
        throw new Error("the request was cancelled");
      case "pending":
      case "processing":
    }
  }
}

function nextStep(code: string): string {
  return code === "unknown_customer"
    ? "Name one of your database: CUSTOMER=… START_DATE=… END_DATE=…"
    : "Its record and the builder's log say more.";
}

async function showStatement(statement: StatementFile, scene: Scene): Promise<void> {
  const { installation, narrator } = scene;
  const { manifest, folder } = statement;
  narrator.title(`Unpacked in ${shownPath(folder)}/`);
  for (const { path, bytes } of manifest.files) {
    narrator.line(`${path.padEnd(18)} ${bytes.toLocaleString("en").padStart(11)} bytes`);
  }
  narrator.title("Verified");
  narrator.line("hashes, row count, sums and balances follow from the zip's own bytes");
  const differences = await differencesToSql(installation.databaseUrl, manifest);
  if (differences.length > 0) {
    throw new Error(`the manifest and SQL do not agree:\n${differences.join("\n")}`);
  }
  narrator.line(
    `${count(manifest.totals.length, "account")}: the manifest's totals are what SQL sums up`,
  );
  narrator.title("transactions.csv begins");
  for (const line of await firstLines(join(folder, "transactions.csv"), SHOWN_LINES)) {
    narrator.line(line);
  }
}

/** Whatever is asked for by `curl`, until the process is told to end. */
export async function tellEverything(scene: Scene): Promise<never> {
  const { installation, narrator, outDir } = scene;
  using changes = await watchRequests(installation);
  const told = new Map<string, string>();
  for (;;) {
    const request = await changes.next();
    if (!request) continue;
    // A record is also written when its lease is renewed or its outcome was told: nothing new.
    const now = `${request.status} ${request.attempt}`;
    if (told.get(request.facts.name) === now) continue;
    told.set(request.facts.name, now);
    narrator.request(request, request.facts.name);
    if (request.status !== "executed") continue;
    try {
      const { path } = await fetchStatement(installation.objects, request, outDir);
      narrator.line(`           statement ${shownPath(path)}`);
    } catch (error) {
      narrator.line(error instanceof Error ? error.message : String(error));
    }
  }
}

/** Short where it can be, and usable in the shell the run was started from. */
export function shownPath(path: string): string {
  const below = relative(process.cwd(), path);
  return below.startsWith("..") ? path : below;
}
