/** The requests of a storm: what upstream services ask for, and how impatiently they repeat it. */
import { setTimeout as sleep } from "node:timers/promises";
import { customerId } from "../../../infra/local/cluster/sample-bank/customers.ts";
import type { Random } from "../../../infra/local/cluster/sample-bank/random.ts";
import { requested } from "../functions/requested.ts";

/** How often each event is delivered. */
export const COPIES = 3;
/** A copy comes up to so many other events late. */
const DISORDER = 200;
const SENDERS = 12;

export interface RequestedEvent {
  readonly id: string;
  readonly time: string;
  readonly data: Readonly<Record<string, string>>;
}

export interface EventPlan {
  readonly seed: number;
  readonly requests: number;
  readonly customers: number;
}

export function makeEvents(random: Random, plan: EventPlan): readonly RequestedEvent[] {
  return Array.from({ length: plan.requests }, (_, n) => makeEvent(random, plan, n));
}

function makeEvent(random: Random, { customers, seed }: EventPlan, n: number): RequestedEvent {
  const from = Date.UTC(2024, 0, 1 + Math.floor(random() * 600));
  const to = from + Math.floor(random() * 120) * 86_400_000;
  return {
    id: `storm-${seed}-${n}`,
    // Some share a millisecond, as events of one burst do.
    time: new Date(Date.now() - Math.floor(random() * 10_000)).toISOString(),
    data: {
      customer_id: customerId(1 + Math.floor(random() * customers)),
      start_date: new Date(from).toISOString().slice(0, 10),
      end_date: new Date(to).toISOString().slice(0, 10),
    },
  };
}

/** Each event three times, the copies of a few hundred events mixed. */
export function shuffledCopies(
  random: Random,
  events: readonly RequestedEvent[],
): readonly RequestedEvent[] {
  return events
    .flatMap((event, n) =>
      Array.from({ length: COPIES }, () => ({ event, at: n + random() * DISORDER })),
    )
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event);
}

export interface Delivering {
  /** Of an intake. */
  readonly url: string;
  readonly endsAt: number;
  readonly signal: AbortSignal;
}

/**
 * Sends all of them, spread over the time there is. @returns record names by event id.
 * @throws the signal's reason when it aborts
 */
export async function deliver(
  events: readonly RequestedEvent[],
  { url, endsAt, signal }: Delivering,
): Promise<Map<string, Set<string>>> {
  const names = new Map<string, Set<string>>();
  const startedAt = Date.now();
  const gapMs = ((endsAt - startedAt) * 0.8) / events.length;
  let next = 0;
  const sender = async (): Promise<void> => {
    for (let n = next++; n < events.length; n = next++) {
      await sleep(Math.max(0, startedAt + n * gapMs - Date.now()));
      const event = events[n];
      if (!event) return;
      const name = await send(event, url, signal);
      names.set(event.id, (names.get(event.id) ?? new Set()).add(name));
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  return names;
}

/** Again and again, with the same id and time, until intake has said that it is recorded. */
async function send(
  { id, time, data }: RequestedEvent,
  url: string,
  signal: AbortSignal,
): Promise<string> {
  for (;;) {
    signal.throwIfAborted();
    const answer = await fetch(url, {
      ...requested(data, { source: "/storm", id, time }),
      signal: AbortSignal.timeout(10_000),
    }).catch(() => undefined);
    const text = await answer?.text().catch(() => undefined);
    const name = answer?.headers.get("ce-subject");
    if (answer?.status === 200 && text !== undefined && name) return name;
    if (answer?.status === 400) throw new Error(`intake refused ${id}: ${text ?? ""}`);
    await sleep(200);
  }
}
