/**
 * What must hold of every answer about a request: that it is what the ledger held at some moment between
 * the question and the answer, of a request of whoever asks, and of nobody else's.
 */
import { createHash } from "node:crypto";
import { isFinal, type StatementRequest } from "../../functions/domain/statement-request.ts";
import {
  COMPONENTS,
  LABELS,
  type ConfigMap,
} from "../../functions/platform/ledger/configmap-record.ts";
import { fromWish } from "../../functions/platform/ledger/cancel-wish.ts";
import type { RequestStatusBody } from "../../functions/platform/requests/request-status.ts";
import type { RecordChange } from "./api-server.ts";
import type { StoredObject } from "./object-store.ts";
import { readRecord } from "./read-record.ts";

/** From the question to the answer; what is read from a memory that lags, from as much earlier. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Question extends Span {
  readonly act: "read" | "cancel" | "link";
  readonly name: string;
  readonly sender: string;
}

/** As it came over HTTP. */
export interface Said {
  readonly status: number;
  readonly body: Partial<RequestStatusBody> & { readonly url?: string };
}

export interface AnswerRules {
  changed(change: RecordChange): void;
  answered(question: Question, said: Said): void;
  /** All pages of a customer's list. */
  listed(
    asked: Span & { readonly customerId: string; readonly sender: string },
    requests: readonly RequestStatusBody[],
  ): void;
}

export interface AnswerRulesOptions {
  readonly fail: (rule: string) => void;
  readonly objects: ReadonlyMap<string, StoredObject>;
  /** Who may ask about what came from this source. */
  readonly senderOf: (source: string) => string;
}

/** A record, and whether a wish stood beside it, from one moment to the next. */
interface State {
  readonly at: number;
  readonly record: ConfigMap | undefined;
  readonly isWished: boolean;
}

/** Ask again. */
const UNAVAILABLE = 503;
/** Of one that has ended. */
const ENDED: readonly (string | undefined)[] = ["executed", "failed", "cancelled"];

export function makeAnswerRules({ fail, objects, senderOf }: AnswerRulesOptions): AnswerRules {
  const histories = new Map<string, State[]>();

  function push(name: string, next: Omit<State, "record" | "isWished"> & Partial<State>): void {
    const states = histories.get(name) ?? [];
    histories.set(name, states);
    states.push({ record: undefined, isWished: false, ...states.at(-1), ...next });
  }

  /** What stood there at some moment. */
  function statesIn(name: string, { from, to }: Span): readonly State[] {
    const states = histories.get(name) ?? [];
    const first = states.findLastIndex(({ at }) => at <= from);
    const seen = states.slice(Math.max(0, first)).filter(({ at }) => at <= to);
    return first < 0 ? [{ at: 0, record: undefined, isWished: false }, ...seen] : seen;
  }

  function requestOf(name: string): StatementRequest | undefined {
    const record = histories.get(name)?.findLast((state) => state.record)?.record;
    return record && readRecord(record);
  }

  function isToldBy(body: Said["body"], request: StatementRequest): boolean {
    const { status, attempt, facts } = request;
    const isSame =
      body.request_id === facts.name &&
      body.status === status &&
      body.attempt === attempt &&
      body.customer_id === facts.customerId &&
      (body.ended_at !== undefined) === ENDED.includes(status);
    if (!isSame) return false;
    const { callback } = isFinal(request) ? request : {};
    if (callback && body.callback?.state !== callback.state) return false;
    if (request.status === "failed") return body.error?.code === request.errorCode;
    if (request.status !== "executed") return body.statement === undefined;
    const { object, sha256, bytes } = request;
    const { statement } = body;
    return (
      statement?.key === object.key && statement.sha256 === sha256 && statement.bytes === bytes
    );
  }

  function isTold(body: Said["body"], states: readonly State[]): boolean {
    const isSaid = body.cancel_requested_at !== undefined;
    return states.some(({ record }) => {
      const request = record && readRecord(record);
      if (!request || !isToldBy(body, request)) return false;
      if (isFinal(request) || request.cancelRequestedAt !== undefined)
        return isSaid === (request.cancelRequestedAt !== undefined);
      // It is looked for behind the record.
      return states.some(({ isWished }) => isWished === isSaid);
    });
  }

  function hasItsObject({ request_id: name, statement }: Said["body"]): boolean {
    const found = objects.get(statement?.key ?? "");
    if (!found || found.metadata["request-id"] !== name) return false;
    return createHash("sha256").update(found.bytes).digest("hex") === statement?.sha256;
  }

  function linked({ name }: Question, { status, body }: Said, states: readonly State[]): void {
    const requests = states.map(({ record }) => record && readRecord(record));
    const executed = requests.find((request) => request?.status === "executed");
    if (status === 409) {
      if (requests.every((request) => request?.status === "executed"))
        fail(`there is no link to ${name}, which is executed`);
    } else if (status !== 200) fail(`a link to ${name} is answered ${status}`);
    else if (executed?.status !== "executed")
      fail(`there is a link to ${name}, which is not executed`);
    else if (!body.url?.includes(`/${executed.object.key}?`) || !objects.has(executed.object.key))
      fail(`the link to ${name} leads to no object of its own`);
  }

  return {
    changed({ name, at, before, after }) {
      const stored = after ?? before;
      const component = stored?.metadata?.labels?.[LABELS.component];
      if (component === COMPONENTS.request) push(name, { at, record: after });
      if (component === COMPONENTS.wish && stored)
        push(fromWish(stored).wish.record, { at, isWished: after !== undefined });
    },

    answered(question, said) {
      const { name, sender, act } = question;
      const { status, body } = said;
      if (status === UNAVAILABLE) return;
      const request = requestOf(name);
      const isTheirs = request !== undefined && senderOf(request.facts.event.source) === sender;
      const states = statesIn(name, question);
      if (status === 404) {
        if (isTheirs && states.every(({ record }) => record))
          fail(`${name} is answered 404, and was there`);
        return;
      }
      if (!isTheirs) {
        fail(`${sender} is told of ${name}, which is not of its sources`);
        return;
      }
      if (act === "link") {
        linked(question, said, states);
        return;
      }
      const isWish = act === "cancel" && status === 202;
      if (status !== 200 && !isWish) fail(`${name} is answered ${status}`);
      else if (!isTold(body, states))
        fail(`${name} is told to be ${body.status ?? "nothing"}, and was not`);
      else if (body.status === "executed" && !hasItsObject(body))
        fail(`${name} is told to be executed, and its object is not there`);
      else if (act === "cancel" && ENDED.includes(body.status) === isWish)
        fail(`the end of ${name}, which is ${body.status ?? ""}, is answered ${status}`);
      else if (isWish && !states.some(isWishedFor))
        fail(`the end of ${name} is promised, and nobody is asked for it`);
    },

    listed({ customerId, sender, ...span }, requests) {
      const listed = requests.map(({ request_id }) => request_id);
      for (const body of requests) {
        const { request_id: name } = body;
        const request = requestOf(name);
        if (!request || senderOf(request.facts.event.source) !== sender)
          fail(`${sender} is listed ${name}, which is not of its sources`);
        else if (request.facts.customerId !== customerId)
          fail(`${name} is listed for ${customerId}, whose it is not`);
        else if (!isTold(body, statesIn(name, span)))
          fail(`${name} is listed as ${body.status}, and was not`);
      }
      const times = requests.map(({ recorded_at }) => recorded_at ?? "");
      if (times.some((at, index) => at > (times[index - 1] ?? at)))
        fail(`the requests of ${customerId} are listed in another order than the newest first`);
      for (const name of histories.keys()) {
        const request = requestOf(name);
        const isTheirs =
          request?.facts.customerId === customerId &&
          senderOf(request.facts.event.source) === sender;
        const times = listed.filter((one) => one === name).length;
        if (times > 1) fail(`${name} is listed ${times} times`);
        if (isTheirs && times === 0 && statesIn(name, span).every(({ record }) => record))
          fail(`${name} is not listed, and was there`);
      }
    },
  };
}

/** Beside the record, in it, or too late for both. */
function isWishedFor({ record, isWished }: State): boolean {
  const request = record && readRecord(record);
  return isWished || request?.cancelRequestedAt !== undefined;
}
