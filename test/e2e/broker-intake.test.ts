/**
 * Requests that come through the Broker: each is recorded, told once, and none is parked, whether or
 * not the Broker would take an event from intake's answers.
 */
import { eventType } from "../../functions/domain/events/event-types.ts";
import { startPipeline, type Pipeline } from "../support/functions/pipeline.ts";
import { requested } from "../support/functions/requested.ts";

const REQUESTS = 5;

describe.each([
  ["without identity the Broker takes replies", true],
  ["with identity it refuses them", false],
])("%s", (_, takesReply) => {
  let pipeline: Pipeline;
  const recorded: string[] = [];
  beforeAll(async () => {
    pipeline = await startPipeline({
      brokerIntake: true,
      router: {
        takesReply: () => takesReply,
        onEvent: ({ type, subject = "" }) => {
          if (type === eventType("recorded")) recorded.push(subject);
        },
      },
    });
    await pipeline.start("request-intake");
    await pipeline.start("statement-builder");
  }, 180_000);
  afterAll(async () => {
    await pipeline[Symbol.asyncDispose]();
  });

  test("one recorded for each, and nothing is parked", async () => {
    const broker = pipeline.router.environmentOf("request-intake")["K_SINK"] ?? "";
    for (let i = 0; i < REQUESTS; i++) {
      const data = {
        customer_id: "customer-000001",
        start_date: `2025-01-0${i + 1}`,
        end_date: "2025-12-31",
      };
      expect((await fetch(broker, requested(data))).status).toBe(202);
    }
    while (recorded.length < REQUESTS) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const name of recorded) await pipeline.until(name, "executed");
    // Whatever the Broker still holds has arrived by then, dead letters too.
    await pipeline.router.pause();
    expect(new Set(recorded).size).toBe(REQUESTS);
    expect(recorded).toHaveLength(REQUESTS);
    for await (const parked of pipeline.ledger.listRejected()) expect(parked).toEqual([]);
  });
});
