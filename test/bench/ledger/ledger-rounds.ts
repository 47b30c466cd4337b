/**
 * What a builder does at the ledger for a statement, by the shipped code in a warm process and
 * without the build between: read, claim, hold the lease, write `executed`, write `announced`. A
 * child of the bench: it is told which records to take, and answers when they are done.
 */
import { announce } from "../../../functions/domain/outcome/telling.ts";
import { execute } from "../../../functions/domain/statement-request.ts";
import { mapConcurrently } from "../../../functions/platform/limits/concurrency.ts";
import { makeConfigMapLedger } from "../../../functions/platform/ledger/configmap-ledger.ts";
import { makeLog } from "../../../functions/platform/telemetry/log.ts";
import { claimRecord } from "../../../functions/statement-builder/claim.ts";
import { holdLease } from "../../../functions/statement-builder/lease.ts";
import { CLAIM_SETTINGS, LEDGER } from "./loaded-ledger.ts";

export interface LedgerRounds {
  readonly names: readonly string[];
  readonly concurrency: number;
}

const RESULT = { rows: 500, bytes: 23_456, sha256: "0123abcd".repeat(8), asOf: Date.now() };

const ledger = makeConfigMapLedger({ namespace: LEDGER, kubeconfig: process.env["KUBECONFIG"] });
const dependencies = {
  ledger,
  settings: { ...CLAIM_SETTINGS, renewMs: 20_000 },
  now: Date.now,
  log: makeLog({ name: "statement-builder", level: "warn" }),
};

process.on("message", ({ names, concurrency }: LedgerRounds) => {
  mapConcurrently(names, concurrency, round).then(
    () => process.send?.("done"),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.send?.("ready");

async function round(name: string): Promise<void> {
  const claimed = await claimRecord(name, dependencies);
  if (claimed.kind !== "claimed") throw new Error(`a claim ended ${claimed.kind}`);
  await using lease = holdLease(claimed.stored, claimed.sentAt, dependencies);
  const settlement = await lease.settle((request) =>
    execute(request, request.object, RESULT, Date.now()),
  );
  if (settlement.kind !== "settled") throw new Error("a lease was lost");
  const { stored } = settlement;
  if ((await ledger.replace(stored, announce(stored.request))) === "conflict")
    throw new Error("the announcement was lost");
}
