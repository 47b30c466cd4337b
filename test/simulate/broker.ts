/**
 * The broker behind every sink: takes events, and delivers them to whoever wants them. It may refuse,
 * lose what it took, deliver it twice, late, and out of order; what nobody takes it gives up after some tries.
 */
import { eventType, isOutcome } from "../../functions/domain/events/event-types.ts";
import type { StatementEvent } from "../../functions/domain/events/statement-event.ts";
import type { CloudEventSink } from "../../functions/platform/cloudevents/cloudevent-sink.ts";
import type { CallPort } from "./calls.ts";
import { draw, keyOf } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface Broker {
  readonly sink: CloudEventSink;
  /** A sender's own event, whose 202 has nothing to say about what becomes of it. */
  take(event: StatementEvent): void;
  /** Delivers once more what a receiver did not take, or gives it up. */
  again(event: StatementEvent, delivery: Delivery): void;
  /** Nothing is on its way that nobody sends again. */
  readonly isIdle: boolean;
}

export interface Delivery {
  readonly number: number;
  readonly tries: number;
}

export interface BrokerOptions {
  readonly seed: number;
  readonly time: VirtualTime;
  readonly faults: Faults;
  readonly call: CallPort;
  /** Outcomes are refused until then. */
  readonly refusesUntil: number;
  /** All events but the first have one number: nothing of them is drawn by how many came before. */
  readonly areAlike?: boolean;
  /** The sink has accepted it. */
  readonly onAccepted: (event: StatementEvent) => void;
  readonly deliver: (event: StatementEvent, delivery: Delivery) => void;
  readonly onLost?: (event: StatementEvent) => void;
  readonly onGivenUp?: (event: StatementEvent) => void;
}

/** Whether nobody sends events of this type again by himself. */
export function isWaitedFor(type: string): boolean {
  return isOutcome(type) || type === eventType("requested");
}

const MAX_TRIES = 4;
const LATE_MS = 40_000;

export function makeBroker(options: BrokerOptions): Broker {
  const {
    seed,
    time,
    faults,
    call,
    areAlike = false,
    refusesUntil,
    onAccepted,
    onLost,
    onGivenUp,
  } = options;
  let accepted = 0;
  let onTheirWay = 0;

  function deliverAt(at: number, event: StatementEvent, delivery: Delivery): void {
    const isWaited = isWaitedFor(event.type);
    if (isWaited) onTheirWay++;
    const arrive = (): void => {
      if (isWaited) onTheirWay--;
      options.deliver(event, delivery);
    };
    time.put(at, arrive, { what: "an event", says: { event, delivery } });
  }

  function accept(event: StatementEvent): void {
    onAccepted(event);
    const number = areAlike ? Math.min(accepted++, 1) : accepted++;
    const key = keyOf(event.id);
    if (faults.happens("broker loses", 100, key, number)) {
      onLost?.(event);
      return;
    }
    const chance = (salt: number): number => draw(seed, 50, number, salt);
    const isLate = faults.happens("broker is late with", 150, key, number, 1);
    const afterMs = isLate ? chance(1) * LATE_MS : 1 + chance(2) * 10;
    deliverAt(time.now + afterMs, event, { number, tries: 1 });
    if (!faults.happens("broker doubles", 200, key, number, 2)) return;
    const secondMs = chance(3) < 0.5 ? chance(4) * 20 : chance(4) * LATE_MS;
    deliverAt(time.now + secondMs, event, { number: number + 0.5, tries: 1 });
  }

  return {
    sink: {
      async send(event, { signal, timeoutMs = 10_000 } = {}) {
        try {
          const status = await call<number>({
            what: `SEND ${event.type.split(".").slice(-2)[0] ?? ""} ${event.subject}`,
            effect: () => {
              if (time.now < refusesUntil && isOutcome(event.type)) return 503;
              accept(event);
              return 202;
            },
            refused: () => 503,
            unanswered: () => new Error("unreachable"),
            aborted: () => new Error("aborted"),
            signal,
            timeoutMs,
            isRepeated: false,
            landsWithinMs: 2 * timeoutMs,
            tell: String,
          });
          return status < 300 ? { kind: "accepted" } : { kind: "refused", status };
        } catch {
          return { kind: "unreachable", reason: signal?.aborted ? "aborted" : "timeout" };
        }
      },
    },
    take: accept,
    again(event, { number, tries }) {
      if (tries >= MAX_TRIES) {
        onGivenUp?.(event);
        return;
      }
      const afterMs = 500 * 2 ** tries * (0.5 + draw(seed, 51, number, tries));
      deliverAt(time.now + afterMs, event, { number, tries: tries + 1 });
    },
    get isIdle() {
      return onTheirWay === 0;
    },
  };
}
