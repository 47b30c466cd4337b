/** When a source has as many records as it may have, as intake sees it. */
import { setImmediate as turn } from "node:timers/promises";
import { sourceHash, type SourceCounts } from "../../functions/platform/ledger/source-counts.ts";
import { makeSourceShare } from "../../functions/request-intake/source-share.ts";

const NOW = Date.UTC(2026, 0, 15, 12);
const MOST = 10;

/** One that has read `counts`. */
async function shareOf(counts: SourceCounts | undefined | Error) {
  const clock = { now: NOW };
  const read = () => (counts instanceof Error ? Promise.reject(counts) : Promise.resolve(counts));
  const share = makeSourceShare({ read }, MOST, () => clock.now);
  expect(share.isUsedUp("/flood")).toBe(false);
  await turn();
  return { share, clock };
}

const counted = (records: number): SourceCounts => ({
  countedAt: NOW,
  records: new Map([[sourceHash("/flood"), records]]),
});

test("it is refused at its share, and nobody else is", async () => {
  const { share } = await shareOf(counted(MOST));
  expect(share.isUsedUp("/flood")).toBe(true);
  expect(share.isUsedUp("/bank")).toBe(false);
});

test("what was recorded since the last count is added to it", async () => {
  const { share } = await shareOf(counted(MOST - 2));
  share.recorded("/flood");
  share.recorded("/bank");
  expect(share.isUsedUp("/flood")).toBe(false);
  share.recorded("/flood");
  expect(share.isUsedUp("/flood")).toBe(true);
  expect(share.isUsedUp("/bank")).toBe(false);
});

test("counts of more than an hour ago refuse nobody", async () => {
  const { share, clock } = await shareOf(counted(MOST));
  clock.now += 3_600_000;
  expect(share.isUsedUp("/flood")).toBe(true);
  clock.now += 1;
  expect(share.isUsedUp("/flood")).toBe(false);
});

test.each([
  ["no counts", undefined],
  ["an API server that does not answer", new Error("away")],
])("%s refuse nobody", async (_, counts) => {
  const { share } = await shareOf(counts);
  for (let i = 0; i < 2 * MOST; i++) share.recorded("/flood");
  expect(share.isUsedUp("/flood")).toBe(false);
});
