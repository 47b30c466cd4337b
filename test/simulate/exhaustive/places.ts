/** What a call is about, as far as somebody else may ever have to do with it, and what may go wrong with it. */
import type { Call } from "../calls.ts";

/** What nobody does in a world, so that nobody need be waited for who does. */
export interface Scope {
  /** Nobody makes a wish beside a record. */
  readonly hasWishes: boolean;
}

type Named = Pick<Call<unknown>, "what" | "place">;

const LISTS: ReadonlyMap<string, string> = new Map([
  ["statement-request", "transactions"],
  ["cancel-wish", "cancels"],
]);

/**
 * A record, a key, or a list of records by the first word of their names. undefined for what changes nothing
 * that others read, and reads nothing that they change.
 */
export function placeOf({ what, place }: Named, { hasWishes }: Scope): string | undefined {
  const [, component = ""] = /^LIST .*component=([\w-]+)/.exec(what) ?? [];
  const about = component === "" ? place : LISTS.get(component);
  if (about === undefined || isProbe(about) || isBeside(what)) return undefined;
  return !hasWishes && about.startsWith("cancel") ? undefined : about;
}

/** Two places are the same, or one is a list of what the other is in. */
export function isAbout(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one === other || one === listWith(other) || listWith(one) === other;
}

function listWith(place: string): string {
  return `${place.slice(0, place.indexOf("-"))}s`;
}

/**
 * Bounds of the search. What has rested for its time is deleted, and no world here lasts so long. And a part of
 * an upload comes right when it is sent, or else meets a fault.
 */
function isBeside(what: string): boolean {
  return /^LIST .*announced=true|^UploadPart /.test(what);
}

const WRITES = /^(PUT|POST|DELETE|SEND|CALL BACK POST|PutObject|CreateM|UploadP|CompleteM|AbortM)/;
const OF_OTHERS = /^(open snapshot|rows|CALL BACK)/;

export type Risk = "write" | "read" | "none";

/** Of what is the same each time, such as the proof of the store, nothing goes wrong: it is tried elsewhere. */
export function riskOf({ what, place }: Named, about: string | undefined): Risk {
  if (isProbe(place ?? "")) return "none";
  if (WRITES.test(what)) return "write";
  return about !== undefined || OF_OTHERS.test(what) ? "read" : "none";
}

function isProbe(place: string): boolean {
  return place.includes("create-only-probe");
}
