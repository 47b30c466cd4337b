/** `statements events`: what happened to a request, in the order in which it did, as far as its record tells. */
import { Command, Option } from "commander";
import { parseStatementKey } from "../../../functions/domain/statement-key.ts";
import {
  callbackHost,
  callbackUrlOf,
  isLeftAlone,
  type Callback,
} from "../../../functions/domain/outcome/callback.ts";
import { isAccepted } from "../../../functions/domain/outcome/telling.ts";
import {
  endedAt,
  isFinal,
  type FinalRequest,
  type StatementRequest,
} from "../../../functions/domain/statement-request.ts";
import type { Act } from "../words/acts.ts";
import { actsOf } from "../words/acts.ts";
import { dueSince } from "../words/due-since.ts";
import { wordsOfLastError } from "../words/error-words.ts";
import { describeEnd, describeProgress } from "../words/record-view.ts";
import type { Session } from "../session/session.ts";
import { formatTable } from "../words/table.ts";

const FORMS = ["table", "json"] as const;

export function eventsCommand(session: Session): Command {
  return new Command("events")
    .description("Shows what happened to a request: when, what, by whom.")
    .argument("<name>", "of the request")
    .addOption(new Option("-o, --output <form>", "form").choices(FORMS).default("table"))
    .addHelpText(
      "after",
      `
A record keeps its first claim, its present one and its end; attempts between them are counted. All
of them are in \`statements logs\`.

Examples:
  statements events transaction-request-customer-000001-1795434992079
  statements events NAME -o json | jq '.[-1]'`,
    )
    .action(async (name: string, { output }: { readonly output: (typeof FORMS)[number] }) => {
      const stored = await session.find(name);
      const events = historyOf(stored.request, actsOf(stored));
      if (output === "json") {
        session.screen.printDocument(JSON.stringify(events, null, 2));
        return;
      }
      const rows = events.map(({ at, what, by, why }) => [at, what, by ?? "-", why ?? ""]);
      for (const line of formatTable(["AT", "WHAT", "BY", ""], rows)) session.screen.print(line);
    });
}

export interface HistoryEvent {
  /** RFC 3339 in UTC; what is to come stands behind now. */
  readonly at: string;
  readonly what: string;
  readonly by?: string;
  readonly why?: string;
}

/** Oldest first. */
export function historyOf(
  request: StatementRequest,
  acts: readonly Act[],
): readonly HistoryEvent[] {
  const { facts, object, attempt, failures, lastError } = request;
  const firstClaim = object && attempt > 0 ? parseStatementKey(object.key)?.uploadedAt : undefined;
  const events: HistoryEvent[] = [
    {
      at: iso(facts.recordedAt),
      what: "recorded",
      by: facts.event.source,
      why: `event ${facts.event.id}`,
    },
    ...(firstClaim === undefined
      ? []
      : [{ at: iso(firstClaim), what: "claimed", why: "attempt 1" }]),
    ...acts.map(({ act, by, at }) => ({ at, what: act, by })),
  ];
  const tries = `attempt ${attempt}, ${failures} failures`;
  const because = lastError === undefined ? "" : `: ${wordsOfLastError(lastError)}`;
  switch (request.status) {
    case "pending":
      events.push({ at: iso(dueSince(request, acts)), what: "due", why: tries + because });
      break;
    case "processing":
      if (request.progress) {
        const why = describeProgress(request.progress);
        events.push({ at: iso(request.progress.at), what: "built", by: request.holder, why });
      }
      events.push({
        at: iso(request.leaseExpiresAt),
        what: "lease ends",
        by: request.holder,
        why: tries,
      });
      break;
    case "executed":
    case "failed":
    case "cancelled":
      break;
  }
  if (isFinal(request)) {
    const told = isAccepted(request) ? "its outcome was sent" : "its outcome is not sent yet";
    const why = [describeEnd(request), tries, told].filter((one) => one !== "").join(", ");
    events.push({ at: iso(endedAt(request)), what: request.status, why }, ...callsBack(request));
  }
  // Equal times stay in this order. An act's may have been made unreadable by hand: it stands before all.
  const instant = ({ at }: HistoryEvent): number => Date.parse(at) || 0;
  return events.toSorted((a, b) => instant(a) - instant(b));
}

const CALLED: Readonly<Record<Callback["state"], string>> = {
  delivered: "called back",
  owed: "callback failed",
  "given-up": "callback given up",
};

/** The last try, and the next one. */
function callsBack({ callback, facts }: FinalRequest): readonly HistoryEvent[] {
  const url = callbackUrlOf(facts);
  if (!callback || url === undefined) return [];
  const { state, attempts, triedAt, nextAt, error } = callback;
  const host = callbackHost(url);
  const why = [host, `try ${attempts}`, ...(error === undefined ? [] : [error])].join(", ");
  return [
    {
      at: iso(triedAt),
      what: isLeftAlone(callback) && state === "owed" ? "callback put off" : CALLED[state],
      why,
    },
    ...(nextAt === undefined ? [] : [{ at: iso(nextAt), what: "callback due", why: host }]),
  ];
}

const iso = (ms: number): string => new Date(ms).toISOString();
