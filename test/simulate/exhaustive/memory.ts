/**
 * What a process knows: all that has come to it, in its order. Between two events it knows less, and a process
 * that has gone other ways to the same point is the same one.
 */
import type { SimulatedProcess } from "../simulated-process.ts";
import type { Board } from "./board.ts";

/** After so long an offer of the scanner counts as lost, and is made as if it had not been made before. */
const OFFER_MS = 15_000;

const NOTHING = { count: 0, at: -Infinity, calls: "" };

export function memoryOf(board: Board, process: SimulatedProcess): string {
  const { name, timers, open, draws } = process;
  const told = board.told.get(process) ?? NOTHING;
  const whole = board.seen.get(process) ?? name;
  // Serving an event takes a timer at least, for its deadline.
  if (timers.size + open > 0) return whole;
  // Numbers by chance go on from there.
  const fresh = `${name} ${draws}`;
  // A builder knows its store, and what receivers of outcomes have said.
  if (name.startsWith("builder")) return `${fresh} ${told.calls}`;
  // Wake-ups are limited.
  if (name.startsWith("intake")) return `${fresh} ${told.count}`;
  if (name.startsWith("scanner")) return told.at < board.now - OFFER_MS ? fresh : whole;
  // An operator's command, and what status-api was asked for, are over.
  return name;
}
