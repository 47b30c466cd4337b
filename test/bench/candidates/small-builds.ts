/**
 * The build of statements, from the query to the object, by the shipped code in a warm process; what
 * is around a build in production, the ledger and the events, is left out. A child of the bench: it
 * is told whose statements to make, and answers when they are made.
 */
import { randomUUID } from "node:crypto";
import { formatStatementKey } from "../../../functions/domain/statement-key.ts";
import { statementPeriod } from "../../../functions/domain/statement-period.ts";
import type { ProcessingRequest } from "../../../functions/domain/statement-request.ts";
import { mapConcurrently } from "../../../functions/platform/limits/concurrency.ts";
import { readConfig } from "../../../functions/platform/settings/config.ts";
import { makeLog } from "../../../functions/platform/telemetry/log.ts";
import { makeBuildMeter } from "../../../functions/statement-builder/build-meter.ts";
import { makeNarrator } from "../../../functions/statement-builder/steps.ts";
import { buildSettings } from "../../../functions/statement-builder/build-settings.ts";
import { builderConfig } from "../../../functions/statement-builder/config.ts";
import type { Lease } from "../../../functions/statement-builder/lease.ts";
import { buildObject } from "../../../functions/statement-builder/reach-object.ts";
import { makeStatementBucket } from "../../../functions/statement-builder/store/statement-bucket.ts";
import { makeStatementZip } from "../../../functions/statement-builder/zip/statement-zip.ts";
import { verifyStatement } from "../../../functions/verification/verify-statement.ts";
import { makeTransactions } from "../../../functions/statement-builder/source/transactions.ts";
import { PERIOD } from "./statement-sql.ts";

export interface SmallBuilds {
  readonly customers: readonly string[];
  readonly concurrency: number;
}

const config = readConfig(builderConfig, process.env);
const log = makeLog({ name: "statement-builder", level: "warn" });
const dependencies = {
  transactions: makeTransactions({
    databaseUrl: config.DATABASE_URL,
    transactionView: config.STATEMENT_VIEW,
    accountView: config.ACCOUNT_VIEW,
    bookingOrderRows: 1_000_000,
    connections: 32,
    log,
  }),
  bucket: makeStatementBucket({
    bucket: config.S3_BUCKET,
    endpoint: config.S3_ENDPOINT,
    forcePathStyle: config.S3_FORCE_PATH_STYLE,
    partBytes: config.UPLOAD_PART_BYTES,
    queue: config.UPLOAD_QUEUE,
    log,
  }),
  contents: { write: makeStatementZip, verify: verifyStatement },
  story: makeNarrator([]),
  settings: await buildSettings(config),
  now: Date.now,
};
let lastTime = Date.now();

process.on("message", ({ customers, concurrency }: SmallBuilds) => {
  mapConcurrently(customers, concurrency, buildOne).then(
    () => process.send?.("made"),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
// Ended in the ordinary way, Node writes the profile it may have been asked for.
process.on("SIGTERM", () => process.exit());
process.send?.("ready");

async function buildOne(customerId: string): Promise<void> {
  const signal = new AbortController().signal;
  const ending = await buildObject(
    {
      lease: heldLease(customerId, signal),
      meter: makeBuildMeter(),
      claimId: randomUUID(),
      purpose: "build",
      isFirst: true,
      signal,
      log,
      onAbsent: onPublish,
      onPublish,
    },
    dependencies,
  );
  if (ending === "key-taken" || ending.kind !== "executed") {
    throw new Error(`a build ended ${ending === "key-taken" ? ending : ending.kind}`);
  }
}

function onPublish(): void {
  // Nobody gives this request up meanwhile.
}

/** Of a record that nobody else can see. */
function heldLease(customerId: string, signal: AbortSignal): Lease {
  const time = (lastTime += 1);
  const { from, lastDayFrom } = statementPeriod(PERIOD);
  const epochs = { startEpoch: from / 1000, endEpoch: lastDayFrom / 1000 };
  const request: ProcessingRequest = {
    facts: {
      ...PERIOD,
      name: `transaction-request-${customerId}-${time}`,
      customerId,
      options: {},
      event: { source: "/bench", id: String(time), type: "bench", time },
      recordedAt: time,
    },
    status: "processing",
    attempt: 1,
    failures: 0,
    lane: "service",
    holder: "bench",
    leaseExpiresAt: time + 60_000,
    object: {
      bucket: config.S3_BUCKET,
      key: formatStatementKey({ customerId, ...epochs, uploadedAt: time }),
    },
  };
  const unexpected = (): never => {
    throw new Error("a build does not write to its record");
  };
  return {
    request,
    signal,
    expiresAt: time + 60_000,
    remainingMs: () => 60_000,
    check: () => Promise.resolve(),
    update: unexpected,
    settle: unexpected,
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
}
