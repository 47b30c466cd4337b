import type { Mutant } from "./mutant.ts";

const DUE = "pending-scanner/due.ts";
const BACKLOG = "pending-scanner/backlog.ts";
const RETENTION = "pending-scanner/retention.ts";
const RECORDER = "request-intake/record-request.ts";

const WISH_READ_FIRST = {
  file: "platform/ledger/wished-ledger.ts",
  find: `      const stored = await ledger.read(name, signal);
      if (!stored || !mayBeWished(stored.request)) return stored;
      // Behind the record: whoever sees what an earlier claim wrote sees every wish from before that, too.
      const wish = await ledger.readWish(name, signal);`,
  replace: `      const wish = await ledger.readWish(name, signal);
      const stored = await ledger.read(name, signal);
      if (!stored || !mayBeWished(stored.request)) return stored;`,
};

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
    find: `return tellAt(request);`,
    replace: `return Infinity;`,
  },
  {
    name: "lost-offer-waited-for",
    says: "an offer that nobody claimed is not made again",
    file: BACKLOG,
    find: `      offers.delete(offer.request.facts.name);
      place(offer.request, 0, again);`,
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
    name: "wish-deleted-early",
    says: "a wish to cancel is deleted before its request has ended",
    file: "pending-scanner/wishes.ts",
    find: `if (request && !isFinal(request)) return false;`,
    replace: ``,
  },
  {
    name: "wish-kept",
    says: "a wish to cancel stays when its request has ended",
    file: "pending-scanner/wishes.ts",
    find: `if (request && !isFinal(request)) return false;`,
    replace: `if (request) return false;`,
  },
  {
    name: "wish-unseen",
    says: "a builder does not look for a wish beside the record",
    file: "platform/ledger/wished-ledger.ts",
    find: `return wished(stored, wish?.wish.requestedAt);`,
    replace: `return wish ? stored : stored;`,
  },
  {
    name: "wish-read-first",
    says: "a wish is looked for before the record is read",
    ...WISH_READ_FIRST,
    survives: "the looks of the holder see the wish as well",
  },
  {
    name: "wish-read-first-alone",
    says: "a wish is looked for before the record is read, and no holder looks again",
    ...WISH_READ_FIRST,
    and: {
      file: "statement-builder/lease.ts",
      find: `if (cancelRequestedAt === undefined && fresh.request.cancelRequestedAt !== undefined)`,
      replace: `if (fresh === undefined)`,
    },
    survives: "it takes two claims in a row that were paused between their reads around one wish",
  },
  {
    name: "wish-not-listed",
    says: "a list of records does not say which have a wish beside them",
    file: "platform/ledger/wished-ledger.ts",
    find: `const records = page.records.map((stored) => wished(stored, wishes.get(stored.name)));`,
    replace: `const records = page.records;`,
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
    find: `return eventTime < now - eventWindowDays * DAY_MS;`,
    replace: `return eventTime < now - eventWindowDays * DAY_MS - 3_600_000;`,
  },
  {
    name: "index-after-record",
    says: "the index of an event is written after its record",
    file: RECORDER,
    find: `      if ((await ledger.index(event, signal)) === "created")
        return await create(event, former, signal);
`,
    replace: `      const first = await create(event, former, signal);
      if ((await ledger.index(event, signal)) === "created") return first;
`,
  },
  {
    name: "index-unread",
    says: "an event that comes again is recorded by its own time, not by the first one's",
    file: RECORDER,
    find: `return indexed ? await again(indexed, asked, signal) : { kind: "absent" };`,
    replace: `return indexed ? await again(event, asked, signal) : { kind: "absent" };`,
  },
  {
    name: "late-behind-the-index",
    says: "whoever was paused behind the index records without looking at the time",
    file: RECORDER,
    find: `if (isTooOld(event.event.time, rules, now())) return { kind: "too-old" };`,
    replace: ``,
  },
  {
    name: "index-deleted-first",
    says: "the index of an event is deleted while its record is there",
    file: RETENTION,
    find: `if (mayDelete && (await isFree(ended)) && (await removeLogged`,
    replace: `if (mayDelete && (await removeLogged`,
  },
  {
    name: "name-by-the-clock",
    says: "the name of a record does not follow from its event",
    file: RECORDER,
    find: `function namesOf({ customerId, event }: AskedEvent): readonly [first: string, second: string] {
  return recordNames(customerId, event, sha256Hex);`,
    replace: `import { wallClock } from "../platform/clock/clock.ts";
function namesOf({ customerId, event }: AskedEvent): readonly [first: string, second: string] {
  return recordNames(customerId, { ...event, time: wallClock() }, sha256Hex);`,
  },
  {
    name: "same-millisecond-refused",
    says: "of two events with one name the second is not recorded and answered for",
    file: RECORDER,
    find: `return sameEvent(stored.request, same) ?? { kind: "other", request: stored.request };`,
    replace: `return sameEvent(stored.request, same) ?? { kind: "recorded", request: stored.request };`,
  },
];
