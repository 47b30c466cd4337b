/** A customer whose statement takes more than one part of a multipart upload. */
import { setTimeout as sleep } from "node:timers/promises";
import { offerEvent } from "../../../functions/domain/events/statement-event.ts";
import { isFinal } from "../../../functions/domain/statement-request.ts";
import { toBinaryMessage } from "../../../functions/platform/cloudevents/cloudevent-binary.ts";
import type { Stored } from "../../../functions/platform/ledger/configmap-ledger.ts";
import type { Pipeline, PipelineOptions } from "../functions/pipeline.ts";

export const LARGE_CUSTOMER = "customer-000001";

/** The smallest part S3 allows, and rows enough to fill one and begin another. */
export const LARGE_STATEMENT = {
  bank: { customers: 1, rows: 18_000, seed: 7 },
  env: { UPLOAD_PART_BYTES: String(5 * 1024 * 1024), COMPRESSION: "fast" },
} satisfies PipelineOptions;

/** Texts that do not compress: 12 000 rows are more than 5 MiB of zip then. */
export async function fillWithNoise({ mariaDb }: Pipeline): Promise<void> {
  const noise = (salt: number) => `TO_BASE64(UNHEX(SHA2(CONCAT(id, '-${salt}'), 512)))`;
  await mariaDb.execute(
    `UPDATE transactions SET description = CONCAT(${[1, 2, 3, 4, 5].map(noise).join()})`,
  );
}

/** Offers a request to one builder, past the router; waits as long as the builder lives or works. */
export async function offerTo(url: string, pipeline: Pipeline, name: string): Promise<void> {
  const stored = await pipeline.ledger.read(name);
  if (!stored) throw new Error(`no record ${name}`);
  const event = offerEvent(stored.request, "pending-scanner", Date.now());
  try {
    const answer = await fetch(url, { method: "POST", ...toBinaryMessage(event) });
    await answer.body?.cancel();
  } catch (error) {
    // A broken connection: what has become of the builder is the test's own question.
    if ((error as Error).name !== "TypeError") throw error;
  }
}

/** Offers it, as the tick does, until it has ended. @throws Error with the record after half a minute */
export async function offerUntilEnded(
  url: string,
  pipeline: Pipeline,
  name: string,
): Promise<Stored> {
  for (const deadline = Date.now() + 30_000; ;) {
    await offerTo(url, pipeline, name);
    const stored = await pipeline.ledger.read(name);
    if (stored && isFinal(stored.request)) return stored;
    if (Date.now() > deadline) throw new Error(JSON.stringify(stored?.request));
    await sleep(250);
  }
}
