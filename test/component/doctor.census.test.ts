/** What `statements doctor` counts in a ledger. */
import { announce } from "../../functions/domain/outcome/telling.ts";
import { fail } from "../../functions/domain/statement-request.ts";
import { retryRequest } from "../../infra/operator/act/operator-moves.ts";
import { takeCensus } from "../../infra/operator/doctor/census.ts";
import { heldRequest } from "../support/functions/held-request.ts";
import { RECORDED } from "../support/functions/recorded-event.ts";
import { startLocalLedger, type LocalLedger } from "../support/servers/local-ledger.ts";

const DAY = 86_400_000;
const FAILED_AT = RECORDED.facts.recordedAt;
const { name } = RECORDED.facts;

let local: LocalLedger;

beforeAll(async () => {
  local = await startLocalLedger();
});
afterAll(async () => await local[Symbol.asyncDispose]());

test("what failed a day ago and is tried again has waited since the retry, and is not late", async () => {
  const { ledger } = local;
  const { signal } = new AbortController();
  const find = async () => {
    const stored = await ledger.read(name);
    if (!stored) throw new Error("not there");
    return stored;
  };
  await ledger.create(RECORDED);
  const held = heldRequest(RECORDED, { now: FAILED_AT, object: { bucket: "b", key: "k.zip" } });
  for (const state of [held, announce(fail(held, "retries_exhausted", FAILED_AT))])
    await ledger.replace(await find(), state);

  const retriedAt = FAILED_AT + DAY;
  await retryRequest({ ledger, find, signal, now: () => retriedAt, by: "ann@desk" });

  const now = retriedAt + 60_000;
  const census = await takeCensus({
    ledger: () => Promise.resolve(ledger),
    now: () => now,
    signal,
  });
  expect(census).toMatchObject({ due: { count: 1, first: { name, since: retriedAt } }, late: 0 });
});
