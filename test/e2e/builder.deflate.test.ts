/**
 * A table deflate that is wrong, in a statement whose parts are long with the store when it shows: nothing
 * of it becomes visible, and the next attempt goes without it.
 */
import { LARGE_CUSTOMER, LARGE_STATEMENT, fillWithNoise } from "../support/bank/large-statement.ts";
import { startPipeline, type Pipeline } from "../support/functions/pipeline.ts";
import { auditStatements } from "../support/functions/statement-audit.ts";

const ENTRY = new URL("../support/functions/faulty-deflate-builder.ts", import.meta.url).pathname;

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await startPipeline(LARGE_STATEMENT);
  await fillWithNoise(pipeline);
}, 120_000);
afterAll(async () => {
  await pipeline[Symbol.asyncDispose]();
});

test("one proved file all the same, by zlib, and no trace of the first attempt", async () => {
  await pipeline.start("request-intake");
  await pipeline.start("statement-builder", { entry: ENTRY });
  const name = await pipeline.request({
    customer_id: LARGE_CUSTOMER,
    start_date: "2024-01-01",
    end_date: "2025-12-31",
  });
  await untilRetried(name);
  // Without a tick nobody makes the second attempt.
  expect(await auditStatements(pipeline)).toMatchObject({ objects: new Map(), openUploads: [] });

  await pipeline.start("pending-scanner");
  await pipeline.until(name, "executed", 60);
  const rested = await auditStatements(pipeline);
  expect(rested.objects.get(name)).toMatchObject([{ attempt: 2, checked: { ok: true } }]);
  expect(rested.openUploads).toEqual([]);
}, 180_000);

async function untilRetried(name: string): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
    const stored = await pipeline.ledger.read(name);
    if (stored?.request.status === "pending" && stored.request.attempt === 1) {
      expect(stored.request).toMatchObject({ lastError: "deflate_mismatch", failures: 1 });
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the first attempt did not end");
}
