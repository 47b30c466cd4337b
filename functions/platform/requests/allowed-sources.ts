/** Which event sources may ask for statements, and which sender may speak for which source. */
import * as z from "zod";
import { SUBJECT } from "../settings/identity-variables.ts";
import { list, variable } from "../settings/variables.ts";
import { matchesSubject } from "../server/senders.ts";

export interface AllowedSource {
  readonly source: string;
  /** Subject of the sender's token, `*` at its end for any that begins so; any sender when absent. */
  readonly sender?: string | undefined;
}

function isAllowedSourceEntry(entry: string): boolean {
  const [first = "", second, ...more] = entry.split(/\s+/);
  return more.length === 0 && (second === undefined || SUBJECT.test(first));
}

/** `SOURCE` or `SUBJECT SOURCE`: neither a source (a URI reference) nor a subject holds a space. */
function readAllowedSource(entry: string): AllowedSource {
  const [first = "", second] = entry.split(/\s+/);
  return second === undefined ? { source: first } : { sender: first, source: second };
}

/**
 * Exact values of `source`, every source when not set. In front of one may stand the subject that
 * alone may use it, and that is then allowed to send.
 */
export const ALLOWED_SOURCES = variable(allowedSources(), {
  expected: "event sources separated by commas, each with or without a subject in front",
  example: "/mobile-app, system:serviceaccount:billing:api /billing",
});

/** Where no source is everybody's. */
export const SOURCES_OF_SUBJECTS = variable(allowedSources(), {
  expected:
    "event sources separated by commas, each with the subject in front that alone may use it",
  example: "system:serviceaccount:billing:api /billing",
});

function allowedSources() {
  return list()
    .pipe(z.array(z.string().refine(isAllowedSourceEntry)))
    .transform((entries) => entries.map(readAllowedSource))
    .optional();
}

/** Whoever is named for a source. */
export function namedSenders(allowed: readonly AllowedSource[]): readonly string[] {
  return allowed.flatMap(({ sender }) => sender ?? []);
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
