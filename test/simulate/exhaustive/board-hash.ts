/**
 * What the future of a world follows from. README.md says why nothing else can matter.
 */
import { hash } from "node:crypto";
import type { Scenery } from "../world.ts";
import type { Subject } from "../virtual-time.ts";
import type { Board } from "./board.ts";
import { canonical } from "./canonical.ts";
import { memoryOf } from "./memory.ts";

/** Of what there is, and what was before, as far as a rule looks at it. */
export function outcomeHash(board: Board, scenery: Scenery): string {
  return hash("sha1", textOf(board, scenery), "base64");
}

function textOf(board: Board, { server, store, rules }: Scenery): string {
  const records = [...server.records].sort(byName);
  const objects = [...store.objects]
    .sort(byName)
    .map(([key, { metadata, bytes }]) => [key, metadata, bytes.toString("latin1")]);
  // The first one is the first page of a list.
  const uploads = [...store.uploads];
  return canonical(board, [records, objects, uploads, rules.remembered()]);
}

export function hashOf(board: Board, scenery: Scenery): string {
  const { now, faultsLeft, entries, sent, held, paused, seen } = board;
  const processes = [...seen]
    .filter(([{ dead }]) => !dead)
    .map(([process]) => [
      process.name,
      memoryOf(board, process),
      paused.get(process)?.offeredAt === now,
    ])
    .sort(byName);
  const isPaused = [...paused.keys()].map(({ name }) => name).sort();
  const coming = entries
    .filter(({ run, subject }) => run && !subject.process?.dead && !isOwnTimer(subject))
    .map(({ key, at, isUnderWay }) => `${isUnderWay ? "" : at} ${key}`);
  const calls = sent.map(({ key, process }) => `${key} ${process.dead}`).sort();
  const late = held.map(({ key, until, process }) => `${key} ${until} ${process.dead}`).sort();
  const rest = [now, faultsLeft, seen.size, processes, isPaused, coming.sort(), calls, late];
  return hash("sha1", textOf(board, scenery) + canonical(board, rest), "base64");
}

/** Those follow from what it has seen. */
function isOwnTimer({ isTimer, what }: Subject): boolean {
  return isTimer === true && what === undefined;
}

function byName([one]: readonly unknown[], [other]: readonly unknown[]): number {
  return String(one) < String(other) ? -1 : 1;
}
