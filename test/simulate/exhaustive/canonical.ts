/**
 * What an answer, a record or a memory of the rules says, as a text that is the same one where nobody can tell a
 * difference. Versions count all that is written, and are compared for being equal: here they count, for each
 * name, those that were met.
 */
import type { Board } from "./board.ts";

export function canonical({ versions }: Board, value: unknown): string {
  return JSON.stringify(value, function (this: unknown, key: string, held: unknown) {
    // What JSON has no form of.
    if (held instanceof Map || held instanceof Set) return [...(held as Iterable<unknown>)];
    if (typeof held !== "string" || (key !== "resourceVersion" && key !== "uid")) return held;
    const place = `${key} of ${(this as { readonly name?: string }).name ?? ""}`;
    const known = versions.get(place) ?? [];
    versions.set(place, known);
    return known.includes(held) ? known.indexOf(held) : known.push(held) - 1;
  });
}
