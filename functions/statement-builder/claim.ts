/**
 * Claims a record: reads it, lets the domain decide, and makes the decision true with one
 * compare-and-swap. Whoever loses the race reads again and decides anew.
 */
import { statementKeyOf } from "../domain/statement-facts.ts";
import { statementPeriod } from "../domain/statement-period.ts";
import {
  claim,
  type ClaimPurpose,
  type ClaimTerms,
  type FinalRequest,
  type Lane,
  type ObjectLocation,
  type ProcessingRequest,
  type StatementRequest,
} from "../domain/statement-request.ts";
import type { Ledger, Stored } from "../platform/ledger/configmap-ledger.ts";
import type { Outage } from "./outage.ts";
import { monotonic, sleep, uuid } from "../platform/clock/clock.ts";

export interface ClaimSettings {
  readonly execution: Lane;
  readonly leaseMs: number;
  readonly clockSkewMs: number;
  readonly publishTimeoutMs: number;
  readonly maxFailures: number;
  readonly bucket: string;
  /** In front of every key; empty, or ends with a slash. */
  readonly prefix: string;
  readonly hostname: string;
}

export interface ClaimDependencies {
  readonly ledger: Ledger;
  readonly settings: ClaimSettings;
  readonly now: () => number;
  /** Whether what a build needs is there; always, unless given. */
  readonly outage?: Pick<Outage, "mayBuild">;
}

export type Claimed = {
  readonly kind: "claimed";
  readonly stored: Stored<ProcessingRequest>;
  readonly purpose: ClaimPurpose;
  /** Until then an upload of an earlier attempt may still land; 0 without one. */
  readonly earlierLandsUntil: number;
  /** End of the lease that upload was sent under; undefined without one. */
  readonly earlierLeaseEndsAt: number | undefined;
  /** Nobody had worked on the record when it was read, nor between that and this claim. */
  readonly isFirst: boolean;
  /** UUID of this claim, part of the holder and of the object's metadata. */
  readonly claimId: string;
  /** Monotonic time just before the claim was sent, from which the lease counts. */
  readonly sentAt: number;
};

export type ClaimOutcome =
  | Claimed
  | { readonly kind: "unknown-record" }
  | { readonly kind: "final"; readonly stored: Stored<FinalRequest> }
  | { readonly kind: "wait"; readonly until: number }
  /** Nothing is claimed for a build during an outage of what it needs. */
  | { readonly kind: "not-ready" }
  | { readonly kind: "other-lane" };

/**
 * @param signal aborts when nobody waits for the work any more: nothing is claimed then
 * @throws LedgerUnavailable; the signal's reason
 */
export async function claimRecord(
  name: string,
  { ledger, settings, now, outage }: ClaimDependencies,
  signal?: AbortSignal,
): Promise<ClaimOutcome> {
  const claimId = uuid();
  const holder = `${settings.hostname}/${claimId}`;
  let sent: Omit<Claimed, "kind" | "stored" | "claimId" | "isFirst"> | undefined;
  // Of the record that the claim was sent for: a claim that was lost on the way is still for that one.
  let untouched = false;
  // Before anything else is asked: a look takes its time, and then who waits and what is held is asked anew.
  const mayBuild = (await outage?.mayBuild()) ?? true;
  const claimed = (stored: Stored<ProcessingRequest>, terms: NonNullable<typeof sent>): Claimed => {
    const isFirst = untouched && stored.request.attempt === 1;
    return { kind: "claimed", stored, claimId, isFirst, ...terms };
  };
  for (;;) {
    const stored = await ledger.read(name);
    if (!stored) return { kind: "unknown-record" };
    // The answer to our own claim was lost on the way.
    if (sent && isHeldBy(stored, holder)) return claimed(stored, sent);
    const decision = claim(stored.request, claimTerms(stored.request, holder, settings, now()));
    if (decision.kind === "final") {
      return { kind: "final", stored: { ...stored, request: decision.request } };
    }
    if (decision.kind === "wait" && waitsItself(stored.request, settings, now())) {
      await sleep(Math.max(0, decision.until - now()), signal).catch(() => undefined);
      signal?.throwIfAborted();
      continue;
    }
    if (decision.kind !== "claim") return decision;
    // What waited in a queue may be delivered and cut off at once, one after the other.
    if (!sent) signal?.throwIfAborted();
    const { purpose, earlierLandsUntil, earlierLeaseEndsAt } = decision;
    if (!sent && purpose === "build" && !mayBuild) return { kind: "not-ready" };
    untouched = isUntouched(stored.request);
    sent = { purpose, earlierLandsUntil, earlierLeaseEndsAt, sentAt: monotonic() };
    const result = await ledger.replace(stored, decision.request);
    if (result !== "conflict") return claimed(result, sent);
  }
}

/**
 * A Job that is too early, as for a cancel beside an upload that may still land: it is there for this request alone,
 * and if it went nobody would start another for minutes. The wait is two leases and the clock skew at most. What
 * has a live holder is left to that.
 */
function waitsItself(request: StatementRequest, { execution }: ClaimSettings, now: number) {
  const isHeld = request.status === "processing" && request.leaseExpiresAt > now;
  return execution === "job" && !isHeld;
}

function isUntouched(request: StatementRequest): boolean {
  return request.status === "pending" && request.attempt === 0 && request.object === undefined;
}

function isHeldBy(stored: Stored, holder: string): stored is Stored<ProcessingRequest> {
  return stored.request.status === "processing" && stored.request.holder === holder;
}

function claimTerms(
  request: StatementRequest,
  holder: string,
  settings: ClaimSettings,
  now: number,
): ClaimTerms {
  return {
    ...settings,
    now,
    holder,
    // Asked for by the first claim alone.
    get object() {
      return newObject(request, settings, now);
    },
  };
}

/** Where the statement goes if this is the first claim: the upload time is fixed here. */
function newObject(
  { facts }: StatementRequest,
  { bucket, prefix }: ClaimSettings,
  uploadedAt: number,
): ObjectLocation {
  const { customerId } = facts;
  const period = statementPeriod(facts);
  return { bucket, key: statementKeyOf({ customerId, period, generatedAt: uploadedAt }, prefix) };
}
