/** `make simulate DEEP=1`: SEED, SEEDS or MINUTES of time on the clock; MUTANT=name, or MUTANT=mixed for a bank that is wrong. */
import { rm } from "node:fs/promises";
import { runDeepWorld } from "./deep-world.ts";

const {
  SEED = "1",
  SEEDS,
  MINUTES,
  MUTANT,
  LIVES = "150",
  SECONDS = "15",
  RATE = "12",
} = process.env;
const first = Number(SEED);
const seeds = Number(SEEDS ?? (MINUTES ? Infinity : 1));
const endsAt = MINUTES ? Date.now() + Number(MINUTES) * 60_000 : Infinity;
const began = Date.now();
const sum = { worlds: 0, lives: 0, faults: 0, broken: 0 };
const faults: Record<string, number> = {};
const states: Record<string, number> = {};
for (let seed = first; seed < first + seeds && Date.now() < endsAt; seed++) {
  const end = await runDeepWorld({
    seed,
    requests: Number(LIVES),
    stormMs: Number(SECONDS) * 1000,
    rate: Number(RATE),
    mutant: MUTANT === "mixed" ? undefined : MUTANT,
    isMixed: MUTANT === "mixed",
  });
  sum.worlds++;
  sum.lives += end.lives;
  for (const [state, count] of Object.entries(end.states))
    states[state] = (states[state] ?? 0) + count;
  for (const [kind, count] of Object.entries(end.faults)) {
    faults[kind] = (faults[kind] ?? 0) + count;
    sum.faults += count;
  }
  if (end.broken.length === 0) continue;
  sum.broken = 1;
  for (const rule of end.broken) console.log(`SEED=${seed} broken at ${rule}`);
  if (MUTANT) await rm(end.folder, { recursive: true });
  else console.log(`what its processes said is in ${end.folder}`);
  break;
}
const seconds = (Date.now() - began) / 1000;
console.log(`${JSON.stringify(states)}\n${JSON.stringify(faults)}`);
console.log(
  `worlds ${sum.worlds} lives ${sum.lives} faults ${sum.faults} broken ${sum.broken} ` +
    `in ${seconds.toFixed(1)} s, ${(sum.lives / seconds).toFixed(1)} lives a second`,
);
// Over a socket that was reset in mid-write, Node 24 waits forever in its own clean-up.
process.exit(sum.broken);
