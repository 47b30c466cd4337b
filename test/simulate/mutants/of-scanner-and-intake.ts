import type { Mutant } from "./mutant.ts";

const DUE = "pending-scanner/due.ts";
const BACKLOG = "pending-scanner/backlog.ts";
const RETENTION = "pending-scanner/retention.ts";

export const MUTANTS_OF_SCANNER_AND_INTAKE: readonly Mutant[] = [
  {
    name: "dead-builder-unseen",
    says: "a record whose lease has expired is not offered",
    file: DUE,
    find: `return request.leaseExpiresAt;`,
    replace: `return Infinity;`,
  },
  {
    name: "end-untold",
    says: "a request that has ended is not offered until its end is told",
    file: DUE,
    find: `return request.announced ? Infinity : 0;`,
    replace: `return Infinity;`,
  },
  {
    name: "lost-offer-waited-for",
    says: "an offer that nobody claimed is not made again",
    file: BACKLOG,
    find: `      offers.delete(offer.request.facts.name);
      place(offer.request, 0);`,
    replace: `      place(offer.request, Infinity);`,
  },
  {
    name: "refused-offer-forgotten",
    says: "an offer that the sink refused is not made again",
    file: BACKLOG,
    find: `if (offers.delete(request.facts.name)) place(request, 0);`,
    replace: `void request;`,
    survives: "the next list brings it up again, a tick later",
  },
  {
    name: "cancel-not-offered",
    says: "a wish to cancel waits for the time of the next attempt",
    file: DUE,
    find: `return request.cancelRequestedAt === undefined ? request.nextAttemptAt : 0;`,
    replace: `return request.cancelRequestedAt === undefined ? request.nextAttemptAt : Infinity;`,
    survives: "the backlog offers wishes before it asks when they are due",
  },
  {
    name: "delete-untold",
    says: "a request that has ended is deleted although nobody was told",
    file: RETENTION,
    find: `ledger.list({ atRest: true })`,
    replace: `ledger.list({ status: ["executed", "failed", "cancelled"] })`,
  },
  {
    name: "delete-at-once",
    says: "the retention is not waited for",
    file: RETENTION,
    find: `const before = now() - retentionMs;`,
    replace: `const before = now();`,
  },
  {
    name: "no-event-window",
    says: "an event is recorded however old it is, also after its record was deleted",
    file: "request-intake/requested-event.ts",
    find: `const inWindow = time >= now - rules.eventWindowDays * DAY_MS && `,
    replace: `const inWindow = `,
  },
  {
    name: "name-by-the-clock",
    says: "the name of a record does not follow from its event",
    file: "request-intake/record-request.ts",
    find: `return recordName(customerId, event.time, sha256Hex);`,
    replace: `return recordName(customerId, event.time - event.time + Date.now(), sha256Hex);`,
  },
  {
    name: "same-millisecond-refused",
    says: "of two events with one name the second is not recorded and answered for",
    file: "request-intake/record-request.ts",
    find: `return sameEvent(stored.request, requested) ?? { kind: "other", request: stored.request };`,
    replace: `return sameEvent(stored.request, requested) ?? { kind: "recorded", request: stored.request };`,
  },
];
