/** What a Knative Broker does with an event once it has said 202: filters, delivers, parks. */
import { makeConcurrencyLimit } from "../../../../functions/platform/limits/concurrency.ts";
import type { RoutedEvent } from "./routed-event.ts";
import { withAttributes } from "./routed-event.ts";
import { deliver, type Attempt } from "./delivery.ts";
import type { Broker, Delivery, Destination, Trigger } from "./manifest-schema.ts";

/** An event as the Broker takes it in, or a tick as it leaves, for whoever watches. */
export interface EventReport {
  readonly type: string;
  readonly source: string;
  readonly subject: string | undefined;
  /** Names of the Services it goes to now; none when no Trigger asks for it. */
  readonly to: readonly string[];
}

/** Where an event went, for whoever watches. */
export interface DeliveryReport {
  /** Name of the Trigger or PingSource. */
  readonly via: string;
  readonly type: string;
  readonly subject: string | undefined;
  readonly outcome: "delivered" | "dead-lettered" | "lost";
  readonly status: number;
}

export interface BrokerParts {
  readonly broker: Broker;
  readonly triggers: readonly Trigger[];
  readonly urlOf: (destination: Destination) => string;
  readonly signal: AbortSignal;
  /** Where it takes events in. */
  readonly url: string;
  /** Whether it takes an event that was in an answer: with identity its EventPolicies may not. */
  readonly takesReply: (reply: RoutedEvent) => boolean;
  readonly onEvent: (report: EventReport) => void;
  readonly onDelivery: (report: DeliveryReport) => void;
}

/** To one Service: in a cluster the activator holds back what its pods cannot take yet. */
const AT_ONCE = 8;
/** An event in the answer is welcome. */
const FROM_A_BROKER = { prefer: "reply" };

/** The event that was answered is parked then, with the Broker itself as what refused it. */
const REPLY_REFUSED = { kind: "failed", status: 403, isAnswered: true, detail: "" } as const;

/** Takes an event and delivers it to every Trigger it matches; resolves when all that is over. */
export function makeBroker(parts: BrokerParts): (event: RoutedEvent) => Promise<void> {
  const { broker, triggers, urlOf, signal, takesReply, onEvent, onDelivery } = parts;

  const turns = new Map<string, ReturnType<typeof makeConcurrencyLimit>>();

  async function accept(event: RoutedEvent): Promise<void> {
    const matching = triggers.filter((one) => matches(one, event));
    onEvent(reportOf(event, matching));
    await Promise.all(matching.map((one) => run(one, event)));
  }

  async function run(trigger: Trigger, event: RoutedEvent): Promise<void> {
    // Delivery specs do not merge: a Trigger that has one does without the Broker's.
    const delivery = trigger.spec.delivery ?? broker.spec?.delivery ?? {};
    const url = urlOf(trigger.spec.subscriber);
    const inTurn = turns.get(url) ?? makeConcurrencyLimit(AT_ONCE);
    turns.set(url, inTurn);
    const settings = { ...delivery, headers: FROM_A_BROKER };
    const attempt = await inTurn(() => deliver(url, event, settings, signal));
    if (signal.aborted) return;
    const reply = attempt.kind === "delivered" ? attempt.reply : undefined;
    const isReplyRefused = reply !== undefined && !takesReply(reply);
    const outcome =
      attempt.kind === "failed"
        ? await park(event, url, attempt, delivery)
        : isReplyRefused
          ? await park(event, parts.url, REPLY_REFUSED, delivery)
          : "delivered";
    onDelivery({
      via: trigger.metadata.name,
      type: event.attributes["type"] ?? "",
      subject: event.attributes["subject"],
      outcome,
      status: attempt.status,
    });
    if (reply && !isReplyRefused) await accept(reply);
  }

  async function park(
    event: RoutedEvent,
    failedUrl: string,
    failed: Extract<Attempt, { kind: "failed" }>,
    delivery: Delivery,
  ): Promise<"dead-lettered" | "lost"> {
    if (!delivery.deadLetterSink) return "lost";
    const url = urlOf(delivery.deadLetterSink);
    const settings = { ...delivery, headers: FROM_A_BROKER };
    // The filter in front of the subscriber refuses an answer that is no event without a word, and both it
    // and the dispatcher behind it park the event.
    const { detail } = failed;
    const copies =
      detail === undefined
        ? [event, event]
        : [
            withAttributes(event, {
              knativeerrordest: failedUrl,
              knativeerrorcode: String(failed.status),
              knativeerrordata: Buffer.from(detail).toString("base64"),
            }),
          ];
    const attempts = await Promise.all(copies.map((copy) => deliver(url, copy, settings, signal)));
    return attempts.every(({ kind }) => kind === "delivered") ? "dead-lettered" : "lost";
  }

  return accept;
}

function reportOf({ attributes }: RoutedEvent, triggers: readonly Trigger[]): EventReport {
  return {
    type: attributes["type"] ?? "",
    source: attributes["source"] ?? "",
    subject: attributes["subject"],
    to: triggers.map(({ spec }) => nameOf(spec.subscriber)),
  };
}

/** Of the Service, where the address is not written out. */
export function nameOf(destination: Destination): string {
  return "ref" in destination ? destination.ref.name : destination.uri;
}

/** Exact on every attribute the filter names; an empty value stands for any. */
export function matches(trigger: Trigger, event: RoutedEvent): boolean {
  return Object.entries(trigger.spec.filter?.attributes ?? {}).every(([name, value]) =>
    value === "" ? name in event.attributes : event.attributes[name] === value,
  );
}
