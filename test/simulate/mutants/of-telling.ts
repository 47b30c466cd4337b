import type { Mutant } from "./mutant.ts";

const SENDER = "statement-builder/callback/callback-sender.ts";

export const MUTANTS_OF_TELLING: readonly Mutant[] = [
  {
    name: "callback-without-consent",
    says: "an event is posted to whoever answers the handshake, whomever that consents to",
    file: SENDER,
    find: `if (status < 300 && (allowed === "*" || allowed === origin)) return undefined;`,
    replace: `if (status < 300 && allowed !== undefined) return undefined;`,
  },
  {
    name: "callback-inside",
    says: "the first address of a name is enough, whatever the others are",
    file: "statement-builder/callback/public-address.ts",
    find: `!addresses.every(({ address }) => isAllowed(address))`,
    replace: `!addresses.some(({ address }) => isAllowed(address))`,
  },
  {
    name: "callback-impatient",
    says: "a host that has asked for time is called all the same",
    file: SENDER,
    find: `if (pace.pausedUntil > now())`,
    replace: `if (pace.pausedUntil > now() + 3_600_000)`,
    weather: "crowd",
  },
  {
    name: "callback-beyond-rate",
    says: "the rate that a receiver allows is not kept",
    file: SENDER,
    find: `if (rate > 0 && pace.sent >= rate) {`,
    replace: `if (rate > 0 && pace.sent >= rate * 100) {`,
  },
  {
    name: "callback-given-up-early",
    says: "a receiver that does not take the event now is given up",
    file: SENDER,
    find: `if (status < 500 && !LATER.includes(status)) return { kind: "refused", error };`,
    replace: `if (!LATER.includes(status)) return { kind: "refused", error };`,
  },
  {
    name: "dead-letter-dropped",
    says: "an outcome that nobody took is dropped, as a wake-up is",
    file: "request-intake/dead-letter.ts",
    find: `if (isOutcome(event.type)) return await takeOutcome(event, context);`,
    replace: ``,
  },
  {
    name: "request-dropped",
    says: "a request that intake did not take is dropped, as a wake-up is",
    file: "request-intake/dead-letter.ts",
    find: `if (!OWED_BY_THE_LEDGER.has(event.type))`,
    replace: `if (event.type === eventType("requested")) return { kind: "nothing-to-do" };
      if (!OWED_BY_THE_LEDGER.has(event.type))`,
  },
  {
    name: "parked-at-once",
    says: "an outcome that nobody took is told again once, not five times",
    file: "request-intake/dead-letter.ts",
    find: `if (repeats >= MAX_OUTCOME_REPEATS) {`,
    replace: `if (repeats >= 1) {`,
    weather: "away-consumer",
  },
  {
    name: "told-again-forever",
    says: "an outcome that nobody takes is told again without end",
    file: "request-intake/dead-letter.ts",
    find: `if (repeats >= MAX_OUTCOME_REPEATS) {`,
    replace: `if (repeats >= 1_000) {`,
    weather: "away-consumer",
  },
  {
    name: "note-deleted-early",
    says: "the note of an outcome that nobody took is deleted before that was told again",
    file: "pending-scanner/undelivered.ts",
    find: `repeatsOf(request) > repeats`,
    replace: `repeatsOf(request) >= repeats`,
  },
  {
    name: "note-not-asked",
    says: "nobody is asked to tell an outcome again",
    file: "pending-scanner/undelivered.ts",
    find: `if (notBefore > now()) return "waiting";`,
    replace: `if (notBefore > 0) return "waiting";`,
  },
  {
    name: "repeats-uncounted",
    says: "a repeat of an outcome is not counted before it is sent",
    file: "domain/outcome/outcome-repeats.ts",
    find: `outcomeRepeats: repeatsOf(request) + 1 }`,
    replace: `outcomeRepeats: repeatsOf(request) }`,
  },
];
