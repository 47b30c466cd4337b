import type { Mutant } from "./mutant.ts";

const CLAIM = "statement-builder/claim.ts";
const REACH = "statement-builder/reach-object.ts";
const HANDLER = "statement-builder/handler.ts";
const LEASE = "statement-builder/lease.ts";
const PUBLISH = "statement-builder/store/publish.ts";

export const MUTANTS_OF_BUILDER: readonly Mutant[] = [
  {
    name: "no-fence",
    says: "uploads that an earlier attempt left open are not aborted",
    file: REACH,
    find: `await story.during("fence", () => bucket.abortUploads(key, claim.signal));`,
    replace: "",
  },
  {
    name: "each-claim-is-the-first",
    says: "a claim behind an earlier attempt asks the store nothing either",
    file: CLAIM,
    find: "const isFirst = untouched && stored.request.attempt === 1;",
    replace: "const isFirst = true;",
  },
  {
    name: "fence-after-look",
    says: "the look comes before the fence",
    file: REACH,
    find: `  await story.during("fence", () => bucket.abortUploads(key, claim.signal));
  const lookedAt = now();
  const found = await story.during("look", () => bucket.look(key, claim.signal));`,
    replace: `  const lookedAt = now();
  const found = await story.during("look", () => bucket.look(key, claim.signal));
  await story.during("fence", () => bucket.abortUploads(key, claim.signal));`,
  },
  {
    name: "no-if-none-match",
    says: "the creating write takes a key that is taken",
    file: "statement-builder/store/staged-object.ts",
    find: `    IfNoneMatch: "*",\n`,
    replace: "",
  },
  {
    name: "adopt-anyones",
    says: "an object under the key is adopted, whosever it is",
    file: REACH,
    find: `return found.metadata.requestId === request.facts.name ? await adopt(claim, deps) : "key-taken";`,
    replace: `return await adopt(claim, deps);`,
  },
  {
    name: "moved-twice",
    says: "a move to the next key is made from wherever the record is, also when the answer to it was lost",
    file: REACH,
    find: `    await claim.lease.update((request) => moveObject(request, { ...request.object, key }));`,
    replace: `    await claim.lease.update((request) =>
      moveObject(request, { ...request.object, key: key && nextStatementKey(request.object.key) }),
    );`,
    weather: "crowd",
  },
  {
    name: "adopt-unverified",
    says: "what is adopted need not be whole",
    file: REACH,
    find: `if (!checked.ok || checked.manifest.request_id !== facts.name) {`,
    replace: `if (!checked.ok)
    return {
      kind: "executed",
      object,
      result: { rows: 0, bytes: checked.bytes, sha256: checked.sha256, asOf: 0 },
    };
  if (checked.manifest.request_id !== facts.name) {`,
  },
  {
    name: "settle-without-holder",
    says: "the end is written over another holder's claim",
    file: LEASE,
    find: `if (!fresh || !isOurs(fresh)) return { kind: "lost", to: fresh };`,
    replace: `if (!fresh) return { kind: "lost", to: fresh };`,
  },
  {
    name: "renew-without-holder",
    says: "a renewal is written over another holder's claim",
    file: LEASE,
    find: `if (!fresh || !isOurs(fresh)) throw end(new LeaseLost("the record has another holder"));`,
    replace: `if (!fresh) throw end(new LeaseLost("the record has another holder"));`,
    weather: "beyond-skew",
  },
  {
    name: "lease-not-asked",
    says: "the lease is not asked right before the creating write",
    file: PUBLISH,
    find: `using deadline = startDeadline((await upload.lease()) * 0.9, upload.signal);`,
    replace: `using deadline = startDeadline(3_600_000);`,
  },
  {
    name: "lease-asked-before",
    says: "the lease is asked before the build, and not once more before the creating write",
    file: PUBLISH,
    find: `using deadline = startDeadline((await upload.lease()) * 0.9, upload.signal);`,
    replace: `using deadline = startDeadline(3_600_000, upload.signal);`,
    and: {
      file: PUBLISH,
      find: `    const staged = await during("build",`,
      replace: `    await upload.lease();
    const staged = await during("build",`,
    },
  },
  {
    name: "lease-by-wall-clock",
    says: "a holder counts its lease by a clock that somebody may set",
    file: LEASE,
    find: `import { monotonic, sleep, startTimer, stopTimer } from`,
    replace: `import { wallClock as monotonic, sleep, startTimer, stopTimer } from`,
    and: {
      file: CLAIM,
      find: `import { monotonic, sleep, uuid } from`,
      replace: `import { wallClock as monotonic, sleep, uuid } from`,
    },
    weather: "beyond-skew",
  },
  {
    name: "write-without-end",
    says: "the creating write is not given up when the lease ends",
    file: PUBLISH,
    find: `(await upload.lease()) * 0.9, upload.signal)`,
    replace: `(await upload.lease()) * 90)`,
  },
  {
    name: "unknown-is-published",
    says: "a creating write without a clear answer counts as done",
    file: PUBLISH,
    find: `if (answer.kind === "confirmed") return`,
    replace: `if (answer.kind === "confirmed" || answer.kind === "unknown") return`,
  },
  {
    name: "exists-is-mine",
    says: "an object that is there already counts as this claim's own",
    file: PUBLISH,
    find: `if (found.metadata.claim !== upload.metadata.claim) {`,
    replace: `if (found.metadata.requestId !== upload.metadata.requestId) {`,
  },
  {
    name: "told-before-written",
    says: "the outcome is told before it is written",
    file: HANDLER,
    find: `  // 3. Write what became of it: the last write of this claim.\n`,
    replace: `  if (ending.kind === "executed")
    await deps.sink.send(
      outcomeEvent(execute(lease.request, ending.object, ending.result, deps.now())),
    );\n`,
  },
  {
    name: "announced-unheard",
    says: "the record says announced whatever the sink answered",
    file: HANDLER,
    find: `if (sent.kind !== "accepted") {`,
    replace: `if (sent.kind === "refused" && sent.status === 1) {`,
  },
  {
    name: "callback-unheard",
    says: "the record says that the callback was made whatever its receiver answered",
    file: HANDLER,
    find: `const next = calledBack(request, result, {`,
    replace: `const next = calledBack(request, { kind: "delivered" }, {`,
  },
  {
    name: "callback-forgotten",
    says: "a callback that was not taken is never made again",
    file: "domain/outcome/telling.ts",
    find: `return isAccepted(request) ? (request.callback?.nextAt ?? 0) : 0;`,
    replace: `return isAccepted(request) ? Infinity : 0;`,
  },
  {
    name: "callback-before-sink",
    says: "a callback that was made counts for the sink too",
    file: "domain/outcome/telling.ts",
    find: `const isTold = request.accepted === true && owesCallback`,
    replace: `const isTold = owesCallback`,
  },
  {
    name: "cancel-before-look",
    says: "a request is cancelled without a look at its object",
    file: REACH,
    find: `  // 2. What an earlier attempt published is the statement.\n`,
    replace: `  if (claim.purpose === "cancel") return { kind: "cancelled" };\n`,
  },
  {
    name: "cancel-beside-upload",
    says: "the holder cancels although its own or an earlier upload may land",
    file: "statement-builder/ending.ts",
    find: `return mayBeThere ? { kind: "handed-over", reason: "cancel_requested" } : { kind: "cancelled" };`,
    replace: `return { kind: mayBeThere ? "cancelled" : "cancelled" };`,
  },
  {
    name: "fail-beside-upload",
    says: "a request fails for good although an upload of an earlier attempt may land",
    file: "statement-builder/ending.ts",
    find: `const mayLand = object.mayBeThere && error.code !== "object_damaged";`,
    replace: `const mayLand = false;`,
  },
  {
    name: "rows-of-before",
    says: "the rows of a claim's second build are counted from the end of its first",
    file: "statement-builder/build-meter.ts",
    find: `      receivedBefore = snapshot.received();
      taken =`,
    replace: `      taken =`,
  },
  {
    name: "hand-over-at-once",
    says: "a claim that has published is handed over as if nothing of it could land any more",
    file: HANDLER,
    find: `if (publishing) return lease.expiresAt;`,
    replace: `if (publishing) return deps.now() - 3_600_000;`,
  },
  {
    name: "not-executed-after-all",
    says: "a file that was published while its request was given up changes nothing",
    file: HANDLER,
    find: `if (ending.kind !== "executed" || !to || !wasGivenUp(to)) return undefined;`,
    replace: `if (ending.kind) return undefined;`,
    survives:
      "no write lands after a request was given up, within what the protocol assumes; beyond it the file counts",
  },
  {
    name: "own-claim-unknown",
    says: "a claim whose answer was lost is not known as one's own",
    file: "statement-builder/claim.ts",
    find: `if (sent && isHeldBy(stored, holder)) return`,
    replace: `if (sent && isHeldBy(stored, "")) return`,
  },
];
