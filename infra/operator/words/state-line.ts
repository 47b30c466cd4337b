/** One state of a request, as `watch` and `request --wait` show it when it comes. */
import { isFinal, type StatementRequest } from "../../../functions/domain/statement-request.ts";
import { formatElapsed } from "./duration.ts";
import { describeEnd, reasonOf, shortProgress, STATE_COLOURS, timeTaken } from "./record-view.ts";
import type { Screen } from "./terminal.ts";

const WIDEST_STATE = "processing".length;

export function stateLine(screen: Screen, request: StatementRequest, now: number): string {
  const { status } = request;
  const state = screen.paint(STATE_COLOURS[status], status.padEnd(WIDEST_STATE));
  const age = formatElapsed(timeTaken(request, now)).padStart(7);
  return `${age}  ${state}  ${detail(request)}`.trimEnd();
}

function detail(request: StatementRequest): string {
  if (isFinal(request)) return describeEnd(request);
  const tries = request.attempt === 0 ? "" : `attempt ${request.attempt}`;
  return [tries, shortProgress(request), reasonOf(request)].filter((one) => one !== "").join(", ");
}

/** A renewal changes the record and not the state: only what a person would call a change counts. */
export function stateKey(request: StatementRequest): string {
  const { status, attempt, cancelRequestedAt } = request;
  return [status, attempt, cancelRequestedAt].join();
}
