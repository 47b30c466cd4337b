import type { Mutant } from "./mutant.ts";

const MOVES = "domain/statement-request.ts";
const LEDGER = "platform/ledger/configmap-ledger.ts";

export const MUTANTS_OF_RECORD: readonly Mutant[] = [
  {
    name: "claim-a-held-record",
    says: "a claim does not wait for the lease of the holder",
    file: MOVES,
    find: `if (request.status === "processing") return leaseOver;`,
    replace: `if (request.status === "processing") return 0;`,
  },
  {
    name: "claim-without-skew",
    says: "a claim waits for the lease alone, not for clocks that differ",
    file: MOVES,
    find: `const leaseOver = lease === undefined ? 0 : lease + terms.clockSkewMs;`,
    replace: `const leaseOver = lease === undefined ? 0 : lease;`,
  },
  {
    name: "end-without-waiting",
    says: "a request is ended without a build while an upload may still land",
    file: MOVES,
    find: `if (purpose !== "build") return landsUntil(request, terms);`,
    replace: `if (purpose !== "build") return leaseOver;`,
  },
  {
    name: "same-attempt",
    says: "a claim has the attempt's number of the one before",
    file: MOVES,
    find: `attempt: request.attempt + 1,`,
    replace: `attempt: Math.max(1, request.attempt),`,
  },
  {
    name: "new-key-each-claim",
    says: "every claim aims at a key of its own",
    file: MOVES,
    find: `object: request.object ?? terms.object,`,
    replace: `object: terms.object,`,
  },
  {
    name: "wish-ignored",
    says: "a claim builds although the end of the request was asked for",
    file: MOVES,
    find: `if (request.cancelRequestedAt !== undefined) return "cancel";`,
    replace: ``,
  },
  {
    name: "oversized-stays",
    says: "a request that is too large for the service stays in its lane",
    file: MOVES,
    find: `    lane: "job",\n`,
    replace: ``,
  },
  {
    name: "too-large-beside-upload",
    says: "a second deadline ends a request for good although a file of it may be there",
    file: "domain/statement-request.ts",
    find: `if (release.leaseEndsAt === undefined) return fail(request, "too_large", release.now, error);`,
    replace: `if (error !== "") return fail(request, "too_large", release.now, error);`,
    weather: "near-deadline",
  },
  {
    name: "no-compare-and-swap",
    says: "a record is written whatever has become of it",
    file: LEDGER,
    find: `metadata: { ...metadata, name, uid, resourceVersion, managedFields } };`,
    replace: `metadata: { ...metadata, name, uid, resourceVersion: resourceVersion && undefined, managedFields } } as ConfigMap;`,
  },
  {
    name: "delete-without-version",
    says: "a record is deleted whatever has become of it",
    file: LEDGER,
    find: `const body = { preconditions: { uid, resourceVersion } };`,
    replace: `const body = { preconditions: { uid, resourceVersion: resourceVersion && undefined } };`,
    weather: "latecomers",
  },
  {
    name: "quota-is-created",
    says: "what a full quota refuses counts as created",
    file: LEDGER,
    find: `    throw refused("create", result.refusal);`,
    replace: `    if (result.refusal.status === 403) return "created";
    throw refused("create", result.refusal);`,
    weather: "full-ledger",
  },
  {
    name: "watch-goes-on",
    says: "a watch whose version is too old is waited for as if it went on",
    file: LEDGER,
    find: `if (type === "ERROR") throw new LedgerUnavailable("the watch of the Kubernetes API has ended");`,
    replace: `if (type === "ERROR") return { kind: "gone", name: "" };`,
    survives: "the next tick lists the ledger anew",
  },
  {
    name: "quota-is-exists",
    says: "a quota that refuses a new record counts as a record that is there",
    file: LEDGER,
    find: `if (result.refusal.status === 403 && "value" in (await get(body.metadata?.name ?? "")))`,
    replace: `if (result.refusal.status === 403)`,
  },
];
