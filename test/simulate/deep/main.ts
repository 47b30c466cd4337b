/** `make simulate DEEP=1`: SEED, SEEDS or MINUTES of time on the clock; MUTANT=name, or MUTANT=mixed for a bank that is wrong. */
import { rm } from "node:fs/promises";
import { runDeepWorld } from "./deep-world.ts";
import { chosenNumber } from "../../support/chosen-number.ts";

const { MUTANT } = process.env;
const first = chosenNumber("SEED", 1);
const minutes = chosenNumber("MINUTES", Infinity);
const seeds = chosenNumber("SEEDS", minutes === Infinity ? 1 : Infinity);
const lives = chosenNumber("LIVES", 150, 1);
const stormMs = chosenNumber("SECONDS", 15) * 1000;
const rate = chosenNumber("RATE", 12);
const began = Date.now();
const endsAt = began + minutes * 60_000;
const sum = { worlds: 0, lives: 0, faults: 0, broken: 0 };
const faults: Record<string, number> = {};
const states: Record<string, number> = {};
for (let seed = first; seed < first + seeds && Date.now() < endsAt; seed++) {
  const end = await runDeepWorld({
    seed,
    requests: lives,
    stormMs,
    rate,
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
