/**
 * What a sender may see and do of the requests that its own sources have asked for:
 *
 *   GET  /requests?customer=…    a customer's, the newest first
 *   GET  /requests/NAME          one, as request-intake tells it
 *   PUT  /requests/NAME/cancel   a wish for its end
 *   POST /requests/NAME/link     a short-lived address of its statement
 *
 * Whatever is another sender's is as if it were not there. Nothing that is there is changed.
 */
import type * as z from "zod";
import { RetryableError } from "../domain/failure.ts";
import { CUSTOMER_ID } from "../domain/record-name.ts";
import { isFinal, type StatementRequest } from "../domain/statement-request.ts";
import type { Ledger } from "../platform/ledger/configmap-ledger.ts";
import { makeConcurrencyLimit } from "../platform/limits/concurrency.ts";
import { makePlaces } from "../platform/limits/places.ts";
import {
  isAllowedSource,
  namedSenders,
  type AllowedSource,
} from "../platform/requests/allowed-sources.ts";
import { parameterProblems } from "../platform/server/parameters.ts";
import { againIn, RECORD, statusOf } from "../platform/requests/request-status.ts";
import type { EventContext } from "../platform/server/event-handler.ts";
import type { ResourceAnswer, ResourceRoute } from "../platform/server/resource-route.ts";
import { DEFAULT_LIMIT, MAX_LIMIT, type requestList, type statementLink } from "./answers.ts";
import { wishForEnd } from "./cancel-request.ts";
import type { Links } from "./links.ts";
import { cursorOf, listRequests, readCursor, type Listing } from "./list-requests.ts";

/** From its memory the API server answers in one piece of up to 8 MiB, which a pod of 256 MiB holds only so often. */
const LISTS_AT_ONCE = 2;
/** With those that wait for their turn. Each takes seconds of a large ledger: what asks for one record has the other places. */
const MOST_LISTS = 8;

export interface StatusApi {
  /** Whose records know the wishes beside them. */
  readonly ledger: Pick<Ledger, "read" | "list" | "wish">;
  readonly links: Links;
  readonly allowedSources: readonly AllowedSource[];
  readonly now: () => number;
}

/** Only of whoever has shown a token. */
interface Asking extends EventContext {
  readonly sender: string;
}

export function makeStatusApi({ ledger, links, allowedSources, now }: StatusApi): ResourceRoute {
  const mayTell = ({ facts }: StatementRequest, sender: string): boolean =>
    isAllowedSource(allowedSources, facts.event.source, sender);

  const inTurn = makeConcurrencyLimit(LISTS_AT_ONCE);
  const places = makePlaces(MOST_LISTS);

  async function find(
    name: string,
    { sender, signal }: Asking,
  ): Promise<StatementRequest | undefined> {
    const request = RECORD.test(name) ? (await ledger.read(name, signal))?.request : undefined;
    return request && mayTell(request, sender) ? request : undefined;
  }

  async function list(query: URLSearchParams, asking: Asking): Promise<ResourceAnswer> {
    const read = readListing(query);
    if (read.kind === "invalid") return read;
    using place = places.take();
    if (!place) return { kind: "unavailable", code: "busy" };
    const mayTellAsker = (request: StatementRequest): boolean => mayTell(request, asking.sender);
    const listing = { ...read.listing, mayTell: mayTellAsker };
    const { requests, next } = await inTurn(
      async () => await listRequests(ledger, listing, asking.signal),
    );
    const body: z.output<typeof requestList> = {
      requests: requests.map(statusOf),
      ...(next && { next: cursorOf(next) }),
    };
    return { kind: "found", body };
  }

  function told(request: StatementRequest): ResourceAnswer {
    return { kind: "found", body: statusOf(request), againInMs: againIn(request, now()) };
  }

  async function cancel(
    request: StatementRequest,
    { sender, signal, log }: Asking,
  ): Promise<ResourceAnswer> {
    const { name } = request.facts;
    const wished = await wishForEnd(request, { ledger, now, by: sender }, signal);
    log.info(
      { audit: "cancel", request_id: name, sender, status: wished?.status },
      "end asked for",
    );
    if (!wished) return { kind: "absent" };
    if (isFinal(wished)) return told(wished);
    if (wished.cancelRequestedAt === undefined)
      return { kind: "unavailable", code: "cancel_unclear" };
    return { kind: "wished", body: statusOf(wished), againInMs: againIn(wished, now()) };
  }

  async function link(
    request: StatementRequest,
    { sender, signal, log }: Asking,
  ): Promise<ResourceAnswer> {
    if (request.status !== "executed") return { kind: "conflict", code: "not_executed" };
    try {
      const made = await links.make(request.object, signal);
      if (made.kind === "gone") return { kind: "gone", code: "statement_gone" };
      const expires_at = new Date(made.endsAt).toISOString();
      const request_id = request.facts.name;
      // Before anybody has it: no address without a trace.
      log.info({ audit: "link", request_id, sender, expires_at }, "link made");
      const body: z.output<typeof statementLink> = { url: made.url, expires_at };
      return { kind: "made", body };
    } catch (err) {
      if (!(err instanceof RetryableError)) throw err;
      log.warn({ err }, "no link could be made");
      return { kind: "unavailable", code: "store_unavailable" };
    }
  }

  return {
    // Whoever is named for a source, and nobody else who has a token of the issuer.
    senders: namedSenders(allowedSources),
    namedOnly: true,
    methodOf: (path) => METHODS[partsOf(path).act],
    async handle({ name: path, query }, { sender, ...context }) {
      if (sender === undefined) throw new Error("nobody is answered here without a token");
      const asking = { ...context, sender };
      if (path === undefined) return await list(query, asking);
      const { name, act } = partsOf(path);
      const request = await find(name, asking);
      if (!request) return { kind: "absent" };
      switch (act) {
        case "cancel":
          return await cancel(request, asking);
        case "link":
          return await link(request, asking);
        case "read":
          return told(request);
      }
    },
  };
}

const METHODS = { read: "GET", cancel: "PUT", link: "POST" } as const;
type Act = keyof typeof METHODS;

/** What is no path of a request's has the name of none. */
function partsOf(path = ""): { readonly name: string; readonly act: Act } {
  const [, name = "", act = "read"] = /^([^/]*)(?:[/](cancel|link))?$/.exec(path) ?? [];
  return { name, act: act as Act };
}

type ReadListing =
  | { readonly kind: "listing"; readonly listing: Omit<Listing, "mayTell"> }
  | Extract<ResourceAnswer, { kind: "invalid" }>;

const LIMIT = /^[1-9]\d{0,2}$/;
const PARAMETERS = ["customer", "limit", "cursor"];

function readListing(query: URLSearchParams): ReadListing {
  const customerId = query.get("customer");
  const limit = query.get("limit") ?? String(DEFAULT_LIMIT);
  const cursor = query.get("cursor");
  const after = cursor === null ? undefined : readCursor(cursor);
  const problems = [...parameterProblems(query, PARAMETERS)];
  if (!customerId) problems.push({ field: "customer", code: "required" });
  else if (!CUSTOMER_ID.test(customerId))
    problems.push({ field: "customer", code: "invalid_format" });
  if (!LIMIT.test(limit) || Number(limit) > MAX_LIMIT)
    problems.push({ field: "limit", code: "invalid_format", limit: `1 to ${MAX_LIMIT}` });
  if (cursor !== null && !after) problems.push({ field: "cursor", code: "invalid_format" });
  if (problems.length > 0 || !customerId) return { kind: "invalid", problems };
  return { kind: "listing", listing: { customerId, limit: Number(limit), after } };
}
