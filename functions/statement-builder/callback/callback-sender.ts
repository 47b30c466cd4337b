/**
 * Posts an outcome to the address that a request named, as HTTP 1.1 Web Hooks for Event Delivery has it
 * (CloudEvents 1.0.2): first the handshake, whether such events are wanted there, then the event itself.
 * https to a host on the list alone, at a public address; a redirect is not followed; the answer is read
 * within bounds and dropped. No token of ours goes along, and of the address only its host is logged.
 */
import { lookup } from "node:dns";
import type { StatementEvent } from "../../domain/events/statement-event.ts";
import {
  callbackHost,
  HOST_NOT_ALLOWED,
  isCallbackUrl,
  LONGEST_WAIT_MS,
  type CallbackResult,
} from "../../domain/outcome/callback.ts";
import { startDeadline } from "../../platform/limits/deadline.ts";
import type { Log } from "../../platform/telemetry/log.ts";
import { connectHttps, type Connect, type Connection, type Reply } from "./https-connection.ts";
import { guardedLookup, isPublicAddress, type Resolve } from "./public-address.ts";

export interface CallbackSender {
  /** Never rejects for trouble of the network or of the receiver: what became of it is a value. */
  send(url: string, event: StatementEvent): Promise<CallbackResult>;
}

/** How a name becomes an address that may be connected to, and what connects: not a setting. */
export interface CallbackNetwork {
  readonly resolve?: Resolve;
  readonly isAllowed?: (address: string) => boolean;
  readonly connect?: Connect;
}

export interface CallbackSenderOptions extends CallbackNetwork {
  /** `name:port` each; nobody else is called. */
  readonly hosts: readonly string[];
  /** DNS name that this installation goes by with receivers. */
  readonly origin: string;
  readonly log: Log;
  readonly now: () => number;
  /** Of handshake and delivery together. */
  readonly timeoutMs?: number;
}

/** What a builder waits at most; a receiver needs no longer to put an event into its queue. */
const TIMEOUT_MS = 10_000;
const MINUTE_MS = 60_000;

type NotAsked = Extract<CallbackResult, { kind: "not-asked" }>;

/** What one process knows of a host. */
interface Pace {
  /** It has asked for that, or did not answer in time: others are not kept waiting for it. */
  pausedUntil: number;
  pausedFor: NotAsked["error"];
  /** It did not answer in time the last time it was asked. */
  isSilent: boolean;
  /** In which so many events were sent. */
  minute: number;
  sent: number;
}

const newPace = (): Pace => ({
  ...{ pausedUntil: 0, pausedFor: "host_paused" },
  ...{ isSilent: false, minute: 0, sent: 0 },
});

export function makeCallbackSender(options: CallbackSenderOptions): CallbackSender {
  const { hosts, origin, log, now, timeoutMs = TIMEOUT_MS } = options;
  const { resolve = lookup, isAllowed = isPublicAddress, connect = connectHttps } = options;
  const paces = new Map<string, Pace>();
  const identified = { "webhook-request-origin": origin };

  async function deliver(
    event: StatementEvent,
    connection: Connection,
    pace: Pace,
  ): Promise<CallbackResult> {
    const handshake = await connection.ask({ method: "OPTIONS", headers: identified });
    pace.isSilent = false;
    const refusal = refusalOf(handshake, origin, now());
    if (refusal) return paused(refusal, pace);
    const rate = Number(handshake.headers["webhook-allowed-rate"]);
    const minute = Math.floor(now() / MINUTE_MS);
    if (pace.minute !== minute) Object.assign(pace, { minute, sent: 0 });
    if (rate > 0 && pace.sent >= rate) {
      const notBefore = (minute + 1) * MINUTE_MS;
      return paused({ kind: "not-asked", error: "rate_used_up", notBefore }, pace);
    }
    pace.sent++;
    const { data, ...attributes } = event;
    const type = { "content-type": "application/cloudevents+json; charset=utf-8" };
    // As for an address with a token in it, which is one of the two ways to give one.
    const headers = { ...identified, ...type, "cache-control": "no-store" };
    const body = JSON.stringify({ specversion: "1.0", ...attributes, data });
    return paused(resultOf(await connection.ask({ method: "POST", headers, body }), now()), pace);
  }

  async function call(url: string, event: StatementEvent): Promise<CallbackResult> {
    const host = callbackHost(url);
    if (!isCallbackUrl(url) || !hosts.includes(host))
      return { kind: "refused", error: HOST_NOT_ALLOWED };
    const pace = paces.get(host) ?? newPace();
    paces.set(host, pace);
    if (pace.pausedUntil > now())
      return {
        ...{ kind: "not-asked", error: pace.pausedFor, notBefore: pace.pausedUntil },
        ...(pace.isSilent && { isSilent: true }),
      };

    using deadline = startDeadline(timeoutMs);
    const lookupOf = guardedLookup(resolve, isAllowed);
    // One connection for both; another one is resolved and looked at anew.
    using connection = connect(url, { lookup: lookupOf, signal: deadline.signal });
    try {
      return await deliver(event, connection, pace);
    } catch (error) {
      if (!deadline.passed) return { kind: "failed", error: codeOf(error) };
      pace.isSilent = true;
      return paused({ kind: "failed", error: "timeout", notBefore: now() + MINUTE_MS }, pace);
    }
  }

  return {
    async send(url, event) {
      const result = await call(url, event);
      const fields = { event_id: event.id, event_type: event.type, callback: callbackHost(url) };
      if (result.kind === "delivered") log.debug(fields, "called back");
      else log.warn({ ...fields, ...result }, "the callback was not taken");
      return result;
    },
  };
}

/** Whoever asks for time gets it for all of its host. */
function paused(result: CallbackResult, pace: Pace): CallbackResult {
  const { notBefore = 0 } = result.kind === "failed" || result.kind === "not-asked" ? result : {};
  if (notBefore <= pace.pausedUntil) return result;
  pace.pausedUntil = notBefore;
  pace.pausedFor = result.kind === "not-asked" ? result.error : "host_paused";
  return result;
}

/** Consent is a header that names us (section 4.2); a status alone says nothing. */
function refusalOf(handshake: Reply, origin: string, now: number): CallbackResult | undefined {
  const { status, headers } = handshake;
  const allowed = headers["webhook-allowed-origin"];
  if (status < 300 && (allowed === "*" || allowed === origin)) return undefined;
  const result = resultOf(handshake, now);
  return result.kind === "failed" ? result : { kind: "refused", error: "handshake_refused" };
}

/** May be answered otherwise a while later; any other 4xx is final, as is 410 (section 2.2). */
const LATER = [408, 425, 429];

function resultOf({ status, headers }: Reply, now: number): CallbackResult {
  if (status >= 200 && status < 300) return { kind: "delivered" };
  if (status >= 300 && status < 400) return { kind: "refused", error: "redirected" };
  const error = `http_${status}`;
  if (status < 500 && !LATER.includes(status)) return { kind: "refused", error };
  return { kind: "failed", error, notBefore: retryAfter(headers["retry-after"], now) };
}

/** Seconds, or a date (RFC 9110, section 10.2.3); of a longer time, the longest that is waited. */
function retryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const at = /^\d{1,9}$/.test(text) ? now + Number(text) * 1000 : Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.min(at, now + LONGEST_WAIT_MS);
}

/** The network's own, such as `ENOTFOUND`, or that of a certificate; messages may hold the address. */
function codeOf(error: unknown): string {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  const text = typeof code === "string" ? code : name;
  return typeof text === "string" ? text : "unknown";
}
