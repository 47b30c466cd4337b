/**
 * The callback: the outcome of a request, posted to the address that its `callback_url` names, beside the
 * Broker and whatever becomes of it there. Times are milliseconds since the epoch.
 */
import { backoffMs } from "../backoff.ts";

export const CALLBACK_STATES = ["owed", "delivered", "given-up"] as const;

/** What became of it so far; a request that nobody has tried to call back has none. */
export interface Callback {
  readonly state: (typeof CALLBACK_STATES)[number];
  readonly attempts: number;
  /** When somebody was about to try it last, asked or not. */
  readonly triedAt: number;
  /** Since when its host takes nothing, as far as this callback has seen; of one that is owed. */
  readonly since?: number | undefined;
  /** Not before this; of one that is owed. */
  readonly nextAt?: number | undefined;
  /** A code, such as `http_503` or `ECONNREFUSED`; never what the receiver said. */
  readonly error?: string | undefined;
}

/**
 * Why a receiver was not asked: its host takes nothing for now, and has said when, or was silent; or it takes no more in
 * this minute.
 */
const LATER = ["host_paused", "rate_used_up"] as const;
/** The list of hosts has it no more, or never had. */
export const HOST_NOT_ALLOWED = "host_not_allowed";
const NOT_ASKED: readonly (string | undefined)[] = [...LATER, HOST_NOT_ALLOWED];

/** What one try came to. */
export type CallbackResult =
  | { readonly kind: "delivered" }
  /** No repeat will change it: the receiver has said so, or the address may not be called. */
  | { readonly kind: "refused"; readonly error: string }
  | {
      readonly kind: "failed";
      readonly error: string;
      /** As the receiver asks (`Retry-After`). */
      readonly notBefore?: number | undefined;
    }
  /** It uses up no try. */
  | {
      readonly kind: "not-asked";
      readonly error: (typeof LATER)[number];
      readonly notBefore: number;
      /** Its host has just been silent, and nobody knows how long it will be. */
      readonly isSilent?: true;
    };

/** Whether the last time nobody was asked: then `triedAt` is no try's. */
export function isLeftAlone({ error }: Callback): boolean {
  return NOT_ASKED.includes(error);
}

/** After so many a person has to look: one to two days. */
export const MAX_CALLBACKS = 16;

const BACKOFF = { baseMs: 60_000, maxMs: 6 * 3_600_000, maxFailures: Infinity };
/**
 * Of ten thousand that are owed to one host which takes nothing, each is asked so seldom that its tries would last for
 * weeks. After this time it is given up where it is next left alone: that is six hours later at most, and two days in all.
 */
const LONGEST_OWED_MS = 42 * 3_600_000;
/** A receiver that asks for more is tried then. */
export const LONGEST_WAIT_MS = 24 * 3_600_000;

export function afterCallback(
  before: Partial<Callback>,
  result: CallbackResult,
  { now, random }: { readonly now: number; readonly random: number },
): Callback {
  const error = result.kind === "delivered" ? undefined : result.error;
  const isAsked = !NOT_ASKED.includes(error);
  const attempts = (before.attempts ?? 0) + (isAsked ? 1 : 0);
  if (result.kind === "delivered") return { state: "delivered", attempts, triedAt: now };
  // A host that takes so many a minute takes all of them in the end.
  const since = error === "rate_used_up" ? undefined : (before.since ?? before.triedAt ?? now);
  const isOver = isAsked
    ? attempts >= MAX_CALLBACKS
    : since !== undefined && now - since >= LONGEST_OWED_MS;
  if (result.kind === "refused" || isOver)
    return { state: "given-up", attempts, triedAt: now, error };
  const asked = Math.min(result.notBefore ?? 0, now + LONGEST_WAIT_MS);
  const backoff = backoffMs(Math.max(1, attempts), { ...BACKOFF, random });
  const owed = { state: "owed", attempts, triedAt: now, since, error } as const;
  if (result.kind === "failed") return { ...owed, nextAt: Math.max(now + backoff, asked) };
  // Those that wait for one moment do not all come back in it.
  const wait = result.isSilent ? Math.max(backoff, longerThan(before, random)) : backoff;
  return { ...owed, nextAt: Math.max(now, asked) + wait };
}

/** Of a thousand that are owed to one host, which one of them asks a minute, each would be written once a minute. */
function longerThan({ triedAt = 0, nextAt = 0 }: Partial<Callback>, random: number): number {
  return Math.min(BACKOFF.maxMs, Math.round((nextAt - triedAt) * (1 + random)));
}

// --- addresses ---------------------------------------------------------------------------------

export const MAX_CALLBACK_URL = 2_048;

/** RFC 3986 as it is written: `URL` also takes spaces, line ends, backslashes and other scripts for what they might mean. */
const URI = /^https:\/\/(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[0-9a-f]{2})+$/i;

/** https, to a host by name, without user or fragment. */
export function isCallbackUrl(text: string): boolean {
  const url = URL.parse(text);
  return (
    text.length <= MAX_CALLBACK_URL &&
    URI.test(text) &&
    url?.protocol === "https:" &&
    url.username === "" &&
    url.password === "" &&
    !text.includes("#")
  );
}

/**
 * What may be logged of an address, and what a list of hosts is compared with: its host and port; `?` of what
 * somebody has made no address of by hand.
 */
export function callbackHost(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.hostname}:${parsed.port === "" ? "443" : parsed.port}` : "?";
}

/** Of the options of a request, as they were sent; undefined where nobody is to be called. */
export function callbackUrlOf({
  options,
}: {
  readonly options: Readonly<Record<string, unknown>>;
}): string | undefined {
  const { callback_url: url } = options;
  return typeof url === "string" ? url : undefined;
}
