/** What a person sees of a run: short lines, each when it happens. */
import type { StatementRequest } from "../../../functions/domain/statement-request.ts";
import { count } from "../../operator/words/plural.ts";
import type { DeliveryReport } from "../cluster/router/broker.ts";

const WIDTH = 110;

export interface Narrator {
  readonly title: (text: string) => void;
  readonly line: (text: string) => void;
  /** As it is: for what is pasted. */
  readonly plain: (text: string) => void;

  readonly say: (part: string, what: string) => void;
  /** A request's state, with its reason where it has one. */
  readonly request: (request: StatementRequest, name?: string) => void;
  /** Only trouble is told: what arrives shows in the states. */
  readonly delivery: (report: DeliveryReport) => void;
}

export function makeNarrator(write: (text: string) => void = console.log): Narrator {
  const line = (text: string): void => {
    const cut = text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text;
    write(`  ${cut}`);
  };
  return {
    title: (text) => write(`\n▶ ${text}`),
    line,
    plain: write,

    say: (part, what) => line(`${part.padEnd(10)} ${what}`),
    request: (request, name) => line(describe(request) + (name === undefined ? "" : `  ${name}`)),
    delivery: ({ via, type, outcome, status }) => {
      if (outcome !== "delivered") line(`${via}: ${type} was ${outcome} (${status})`);
    },
  };
}

function describe(request: StatementRequest): string {
  const after = (time: number): string =>
    `${((time - request.facts.recordedAt) / 1000).toFixed(2).padStart(7)} s`;
  switch (request.status) {
    case "pending":
      return `${after(request.attempt === 0 ? request.facts.recordedAt : Date.now())}  pending${reason(request)}`;
    case "processing":
      return `${after(Date.now())}  processing  attempt ${request.attempt}`;
    case "executed":
      return `${after(request.executedAt)}  executed    ${count(request.rows, "row")}, ${request.bytes} bytes`;
    case "failed":
      return `${after(request.failedAt)}  failed      ${request.errorCode}${reason(request)}`;
    case "cancelled":
      return `${after(request.cancelledAt)}  cancelled`;
  }
}

function reason({ lastError }: StatementRequest): string {
  return lastError === undefined ? "" : `     ${lastError}`;
}
