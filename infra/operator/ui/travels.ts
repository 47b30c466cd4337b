/** What moves in the picture: what the functions write, read from the ledger; others may add events. Pure. */
import { isFinal, type StatementRequest } from "../../../functions/domain/statement-request.ts";

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
  | "database"
  | "broker"
  | "ledger"
  | "bucket";

/**
 * The way of a request, from one function's doing to the next one's. What came in one moment is
 * shown in this order: events and the ledger are told of over different connections.
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
  "database statement-builder",
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
  const rows: Travel = { from: "database", to: "statement-builder", what: "rows", subject };
  const file: Travel = { from: "statement-builder", to: "bucket", what: "zip", subject };
  if (status === "processing") return [written, rows];
  return status === "executed" ? [file, written] : [written];
}
