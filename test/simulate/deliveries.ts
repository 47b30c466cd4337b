/**
 * Behind the broker: a consumer of outcomes, which is away now and then, and the dead-letter sink, to which
 * goes what nobody took.
 */
import type { StatementEvent } from "../../functions/domain/events/statement-event.ts";
import type { Answer } from "../../functions/platform/server/answers/http-answer.ts";
import type { Delivery } from "./broker.ts";
import { draw, keyOf } from "./chance.ts";
import type { DeliveryRules } from "./delivery-rules.ts";
import type { Faults } from "./faults.ts";
import { received, type Pods } from "./pods.ts";
import type { Story } from "./story.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface DeliveriesOptions {
  readonly seed: number;
  readonly time: VirtualTime;
  readonly faults: Faults;
  readonly story: Story;
  /** Of request-intake, which is the dead-letter sink. */
  readonly intakes: Pods;
  readonly rules: DeliveryRules;
  /** Of a thousand outcomes, how many the consumer never takes, at a rate of one. */
  readonly neverTaken: number;
}

export interface Deliveries {
  /** @param again delivers it once more, or gives it up */
  consume(event: StatementEvent, delivery: Delivery, again: () => void): void;
  giveUp(event: StatementEvent): void;
  /** Nothing is on its way to the dead-letter sink. */
  readonly isIdle: boolean;
}

const MAX_TRIES = 5;

/** As the broker marks what it could not deliver. */
export const UNDELIVERED = "knativeerrordest";

export function makeDeliveries(options: DeliveriesOptions): Deliveries {
  const { seed, time, faults, story, intakes, rules, neverTaken } = options;
  const refused = new Set<string>();
  let letters = 0;
  let open = 0;

  function bury(event: StatementEvent, number: number, tries: number): void {
    const marked = { ...event, [UNDELIVERED]: "http://consumer.example" };
    const from = time.now;
    intakes.deliver(received(marked), 1_000_000 + number * 10 + tries, (answer) => {
      if (isTaken(answer)) rules.keptBy(event, from);
      else if (tries < MAX_TRIES) {
        const afterMs = 500 * 2 ** tries * (0.5 + draw(seed, 130, number, tries));
        time.put(time.now + afterMs, () => bury(event, number, tries + 1));
        return;
      } else rules.lost(event);
      story.tell("broker", `dead letter ${event.id}`, answer?.kind ?? "no answer");
      open--;
    });
  }

  return {
    get isIdle() {
      return open === 0;
    },
    consume(event, { number, tries }, again) {
      const key = keyOf(event.id);
      // That one never does, also when nothing goes wrong any more.
      if (faults.happens("consumer takes none of", neverTaken, key)) refused.add(event.id);
      if (refused.has(event.id) || faults.happens("consumer is away for", 200, key, number, tries))
        again();
      else rules.taken(event);
    },
    giveUp(event) {
      open++;
      bury(event, letters++, 1);
    },
  };
}

function isTaken(answer: Answer | undefined): boolean {
  return answer?.kind === "accepted" || answer?.kind === "nothing-to-do";
}
