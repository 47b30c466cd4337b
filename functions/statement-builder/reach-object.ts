/**
 * From a held claim to the one object of a request, or to the reason why there is none.
 *
 * The fence comes first: uploads that earlier attempts left open are aborted, and an object that
 * one of them managed to publish is adopted, never built a second time. The first claim of a record
 * has no earlier attempt, and asks the store nothing.
 */
import { nextStatementKey, parseStatementKey } from "../domain/statement-key.ts";
import { statementPeriod } from "../domain/statement-period.ts";
import {
  codeOfGivingUp,
  moveObject,
  type ClaimPurpose,
  type ProcessingRequest,
} from "../domain/statement-request.ts";
import { accountFolder } from "../verification/entry-names.ts";
import type { StatementProblem } from "../verification/wrong-statement.ts";
import type { verifyStatement } from "../verification/verify-statement.ts";
import type { Log } from "../platform/telemetry/log.ts";
import type { BuildMeter } from "./build-meter.ts";
import type { BuildSettings } from "./build-settings.ts";
import { chosenOptions } from "./contents/chosen-options.ts";
import { encryptionFor } from "./store/encryption.ts";
import type { Ending } from "./ending.ts";
import { DEFLATE_MISMATCH, RetryableError, StatementFailure } from "../domain/failure.ts";
import type { Lease } from "./lease.ts";
import { MANIFEST_SCHEMA } from "../domain/manifest.ts";
import type { StatementBucket } from "./store/statement-bucket.ts";
import { missingMs, type StatementFacts } from "../domain/statement-facts.ts";
import type { makeStatementZip } from "./zip/statement-zip.ts";
import type { Narrator } from "./steps.ts";
import type { StatementSnapshot } from "./source/statement-snapshot.ts";
import type { Transactions } from "./source/transactions.ts";
import { statementQuery } from "./source/transactions-sql.ts";

export interface BuildDependencies {
  readonly transactions: Transactions;
  readonly bucket: StatementBucket;
  readonly contents: Contents;
  readonly story: Narrator;
  readonly settings: BuildSettings;
  readonly now: () => number;
}

/** A statement's bytes, an argument like the bank they come from: who holds what is decided without them. */
export interface Contents {
  readonly write: typeof makeStatementZip;
  readonly verify: typeof verifyStatement;
}

export interface Claim {
  readonly lease: Lease;
  readonly meter: BuildMeter;
  readonly claimId: string;
  readonly purpose: ClaimPurpose;
  /** No attempt came before this one. */
  readonly isFirst: boolean;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Told when no object was found, with the time from just before the look. */
  readonly onAbsent: (lookedAt: number) => void;
  /** Told right before the request that makes the object visible. */
  readonly onPublish: () => void;
}

const MAX_KEY_MOVES = 10;

export async function reachObject(claim: Claim, deps: BuildDependencies): Promise<Ending> {
  for (let moves = 0; ; moves++) {
    const ending = await reachObjectAtKey(claim, deps);
    if (ending !== "key-taken") return ending;
    if (moves === MAX_KEY_MOVES) return { kind: "failed", code: "key_taken" };
    claim.log.warn("another request's object has the key, moving on by a millisecond");
    // To one key, however often it is written: the answer to the first write may be lost.
    const key = nextStatementKey(claim.lease.request.object.key);
    await claim.lease.update((request) => moveObject(request, { ...request.object, key }));
  }
}

async function reachObjectAtKey(
  claim: Claim,
  deps: BuildDependencies,
): Promise<Ending | "key-taken"> {
  const { bucket, story, now } = deps;
  const { request } = claim.lease;
  const { key } = request.object;
  claim.meter.begin("fence");
  if (claim.isFirst && claim.purpose === "build") {
    await story.onStep("fenced");
    return await buildObject(claim, deps);
  }
  // 1. The fence: nothing of an earlier attempt can complete behind our back.
  await story.during("fence", () => bucket.abortUploads(key, claim.signal));
  const lookedAt = now();
  const found = await story.during("look", () => bucket.look(key, claim.signal));
  await story.onStep("fenced");
  // 2. What an earlier attempt published is the statement.
  if (found.kind === "present") {
    return found.metadata.requestId === request.facts.name ? await adopt(claim, deps) : "key-taken";
  }
  // 3. Nothing there: an end without a file, or a build.
  claim.onAbsent(lookedAt);
  if (claim.purpose === "cancel") return { kind: "cancelled" };
  if (claim.purpose === "give-up") return { kind: "failed", code: codeOfGivingUp(request) };
  return await buildObject(claim, deps);
}

/** From the query to the object; to be called behind the fence. */
export async function buildObject(
  claim: Claim,
  deps: BuildDependencies,
): Promise<Ending | "key-taken"> {
  const { transactions, bucket, contents, story, settings } = deps;
  const { signal, lease, meter } = claim;
  const { request } = lease;
  const facts = statementFacts(request, settings);
  meter.begin("query");
  await using snapshot = await story.during(
    "open snapshot",
    () => transactions.open(statementQuery(facts.customerId, facts.period), signal),
    ({ rows }) => ({ rows }),
  );
  requireWholePeriod(facts, snapshot);
  meter.readFrom(snapshot);
  await story.onStep("snapshot-opened");
  if (isOversized(snapshot, settings)) return { kind: "oversized" };
  const body = contents.write(facts, snapshot, {
    compression: settings.compression,
    zlibOnly: request.lastError === DEFLATE_MISMATCH,
    sign: settings.sign,
    signal,
    onFile: meter.begin,
    onRows: () => story.onStep("rows-streaming"),
  });
  const outcome = await bucket.publish({
    key: request.object.key,
    metadata: {
      requestId: request.facts.name,
      attempt: request.attempt,
      claim: claim.claimId,
      periodStart: request.facts.startDate,
      periodEnd: request.facts.endDate,
      timeZone: request.facts.timeZone,
      schema: MANIFEST_SCHEMA,
      rows: snapshot.rows,
      traceparent: request.facts.traceparent,
    },
    encryption: encryptionFor(request.facts.event.source, settings.encryption),
    body,
    onSent: meter.sent,
    lease: async () => {
      meter.begin("publish");
      await lease.check();
      const left = lease.remainingMs();
      claim.onPublish();
      return left;
    },
    signal,
    during: story.during,
    onStep: story.onStep,
  });
  if (outcome.kind === "published") {
    const { bytes, sha256 } = outcome;
    const result = { rows: snapshot.rows, bytes, sha256, asOf: snapshot.asOf };
    return { kind: "executed", object: request.object, result };
  }
  return outcome.by.requestId === request.facts.name ? await adopt(claim, deps) : "key-taken";
}

/** Rows, hash and instant come from the object itself, never from this attempt's build. */
async function adopt(claim: Claim, { bucket, contents }: BuildDependencies): Promise<Ending> {
  const { object, facts } = claim.lease.request;
  const checked = await contents.verify(bucket.read(object.key, claim.signal));
  if (!checked.ok || checked.manifest.request_id !== facts.name) {
    const problems = checked.ok
      ? ["the manifest names another request"]
      : checked.details.map(withoutAccount);
    claim.log.error({ object, problems }, "the object of an earlier attempt is damaged");
    throw new StatementFailure("object_damaged", "the object is not the statement it should be");
  }
  const { manifest, bytes, sha256 } = checked;
  claim.log.info({ object, attempt: manifest.attempt }, "adopted the object of an earlier attempt");
  const result = { rows: manifest.rows, bytes, sha256, asOf: Date.parse(manifest.as_of) };
  return { kind: "executed", object, result };
}

/** For a log: the name of one account's file holds its number. */
function withoutAccount({ kind, file, message }: StatementProblem): string {
  const folder = file === null ? undefined : accountFolder(file);
  return folder === undefined ? message : `a file in ${folder}: ${kind}`;
}

/** A closed period's statement is final: it is not made of data that ends before the period does. */
function requireWholePeriod(facts: StatementFacts, { asOf }: StatementSnapshot): void {
  const waitMs = missingMs(facts, asOf);
  if (waitMs === 0) return;
  const [data, end] = [asOf, facts.period.to].map((at) => new Date(at).toISOString());
  const detail = `the data is of ${data}, and is waited for until ${end}`;
  throw new RetryableError("database_behind", "the period is not over in the data", {
    detail,
    waitMs,
  });
}

function isOversized(
  snapshot: StatementSnapshot,
  { execution, oversizedRows }: BuildSettings,
): boolean {
  return execution === "service" && oversizedRows !== undefined && snapshot.rows > oversizedRows;
}

function statementFacts(
  request: ProcessingRequest,
  { defaults, masked, bankId, bank, typeWords }: BuildSettings,
): StatementFacts {
  return {
    requestId: request.facts.name,
    attempt: request.attempt,
    customerId: request.facts.customerId,
    period: statementPeriod(request.facts),
    generatedAt: parseStatementKey(request.object.key)?.uploadedAt ?? request.facts.recordedAt,
    options: chosenOptions(request.facts.options, defaults),
    masked,
    bankId,
    bank,
    typeWords,
  };
}
