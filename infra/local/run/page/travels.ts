/**
 * What moves in the picture: events between the functions and the Broker as the router routes them,
 * and what the functions write, read from the ledger. Pure.
 */
import { isFinal, type StatementRequest } from "../../../../functions/domain/statement-request.ts";
import type { DeliveryReport, EventReport } from "../../cluster/router/broker.ts";
import { PING_TYPE } from "../../cluster/router/ping-source.ts";

/** One leg of a way; stations by their ids in the page. */
export interface Travel {
  readonly from: Station;
  readonly to: Station;
  /** An event's short name, or a state that is written. */
  readonly what: string;
  /** The request it is about. */
  readonly subject: string | undefined;
}

export type Station =
  | "upstream"
  | "request-intake"
  | "clock"
  | "pending-scanner"
  | "statement-builder"
  | "broker"
  | "ledger"
  | "bucket";

const FUNCTIONS = ["request-intake", "pending-scanner", "statement-builder"] as const;

export function travelsOfEvent({ type, source, subject, to }: EventReport): readonly Travel[] {
  if (type === PING_TYPE) {
    return [
      { from: "clock", to: "pending-scanner", what: "tick", subject },
      { from: "ledger", to: "pending-scanner", what: "what is owed", subject },
    ];
  }
  const what = shortName(type);
  return [
    { from: functionIn(source) ?? "upstream", to: "broker", what, subject },
    ...to.flatMap((name): Travel[] => {
      const station = functionIn(name);
      return station ? [{ from: "broker", to: station, what, subject }] : [];
    }),
  ];
}

/**
 * The way of a request, from one function's doing to the next one's. What came in one moment is
 * shown in this order: the router and the ledger tell of it over different connections.
 */
const WAY: readonly string[] = [
  "upstream request-intake",
  "request-intake ledger",
  "request-intake broker",
  "clock pending-scanner",
  "ledger pending-scanner",
  "pending-scanner broker",
  "broker statement-builder",
  "statement-builder ledger processing",
  "statement-builder bucket",
  "statement-builder ledger",
  "statement-builder broker",
];

export function inOrder(travels: readonly Travel[]): readonly Travel[] {
  const place = ({ from, to, what }: Travel): number => {
    const exact = WAY.indexOf(`${from} ${to} ${what}`);
    return exact === -1 ? WAY.indexOf(`${from} ${to}`) : exact;
  };
  return travels.toSorted((a, b) => place(a) - place(b));
}

/** Nothing of a request that is gone: the scanner prunes, and nobody waits for it. */
export function travelsOfStep(
  before: StatementRequest | undefined,
  after: StatementRequest | undefined,
): readonly Travel[] {
  if (!after) return [];
  const { status } = after;
  const subject = after.facts.name;
  if (!before) {
    return [
      { from: "upstream", to: "request-intake", what: "requested", subject },
      { from: "request-intake", to: "ledger", what: status, subject },
    ];
  }
  // Asked for or tried again by an operator: no function moved anything.
  if (isFinal(before) || before.status === status) return [];
  const written: Travel = { from: "statement-builder", to: "ledger", what: status, subject };
  const file: Travel = { from: "statement-builder", to: "bucket", what: "zip", subject };
  return status === "executed" ? [file, written] : [written];
}

/** In words, where an event did not arrive; `undefined` where it did. */
export function troubleOf({ type, via, outcome, status }: DeliveryReport): string | undefined {
  const what = `${shortName(type)} by ${via}`;
  switch (outcome) {
    case "delivered":
      return undefined;
    case "dead-lettered":
      return `${what} was refused (HTTP ${status}) and parked; the ledger still owes what it was about.`;
    case "lost":
      return `${what} was lost (HTTP ${status}); a later tick makes up for it.`;
  }
}

function shortName(type: string): string {
  if (type === PING_TYPE) return "tick";
  return /^io\.transactions-collector\.statement\.([a-z]+)\.v\d+$/.exec(type)?.[1] ?? type;
}

/** By the last part of a source, or the name of a Service. */
function functionIn(text: string): Station | undefined {
  const last = text.slice(text.lastIndexOf("/") + 1);
  return FUNCTIONS.find((one) => one === last);
}
