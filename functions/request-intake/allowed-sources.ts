/** Which event sources may ask, and which sender may speak for which source. */
import { SUBJECT } from "../platform/settings/identity-variables.ts";
import { matchesSubject } from "../platform/server/senders.ts";

export interface AllowedSource {
  readonly source: string;
  /** Subject of the sender's token, `*` at its end for any that begins so; any sender when absent. */
  readonly sender?: string | undefined;
}

export function isAllowedSourceEntry(entry: string): boolean {
  const [first = "", second, ...more] = entry.split(/\s+/);
  return more.length === 0 && (second === undefined || SUBJECT.test(first));
}

/** `SOURCE` or `SUBJECT SOURCE`: neither a source (a URI reference) nor a subject holds a space. */
export function readAllowedSource(entry: string): AllowedSource {
  const [first = "", second] = entry.split(/\s+/);
  return second === undefined ? { source: first } : { sender: first, source: second };
}

/** `sender` is undefined where no tokens are asked for; then entries with a sender match nobody. */
export function isAllowedSource(
  allowed: readonly AllowedSource[],
  source: string,
  sender: string | undefined,
): boolean {
  return allowed.some(
    (one) =>
      one.source === source &&
      (one.sender === undefined || (sender !== undefined && matchesSubject(one.sender, sender))),
  );
}
