/**
 * The lease of one claim: who holds a record may build and publish, and nobody else.
 *
 *   claim ── PUT ──▶ held ── renew every LEASE_RENEW_SECONDS ──▶ … ── settle (last write)
 *                     │
 *                     └─ lost: LEASE_SECONDS after the last good renewal was SENT, by a clock
 *                        that no one can set; others wait CLOCK_SKEW_SECONDS more.
 *
 * Clocks decide only how soon a record changes hands. That two holders never both write rests on
 * `resourceVersion`; that they never both publish, on create-only uploads.
 */
import type { BuildProgress } from "../domain/build-progress.ts";
import {
  renew,
  type ProcessingRequest,
  type StatementRequest,
} from "../domain/statement-request.ts";
import type { Ledger, Stored } from "../platform/ledger/configmap-ledger.ts";
import { LedgerUnavailable } from "../platform/ledger/ledger-unavailable.ts";
import type { Log } from "../platform/telemetry/log.ts";
import { monotonic, sleep, startTimer, stopTimer } from "../platform/clock/clock.ts";
import { startDeadline } from "../platform/limits/deadline.ts";

/** Somebody else holds the record, or the ledger could not be told in time that we still do. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}

/** We could not renew it in time; the record may be ours all the same, for as long as nobody claims it. */
export class LeaseLate extends LeaseLost {}

/** An operator asked for the end of this request while it was being built. */
export class CancelRequested extends Error {
  override readonly name = "CancelRequested";
}

export interface LeaseSettings {
  readonly leaseMs: number;
  readonly renewMs: number;
}

export interface Lease {
  /** The record as last written or read; it is ours as long as `signal` has not aborted. */
  readonly request: ProcessingRequest;
  /** Aborts with LeaseLost or CancelRequested. */
  readonly signal: AbortSignal;
  /** When the lease ends for others, milliseconds since the epoch. */
  readonly expiresAt: number;
  /** @returns milliseconds left, for a time-out. @throws LeaseLost, also before the timer fired. */
  remainingMs(): number;
  /**
   * Looks whether the record is still ours and nobody wants its end, right before what cannot be
   * undone. A ledger that does not answer does not stop it: the lease alone decides then.
   *
   * @throws LeaseLost, CancelRequested
   */
  check(): Promise<void>;
  /** A change while the work goes on; made once more where the answer was lost. @throws LeaseLost */
  update(move: (request: ProcessingRequest) => ProcessingRequest): Promise<void>;
  /**
   * Stops the heartbeat, waits for it, and writes what becomes of the record: so there is one
   * writer at a time.
   *
   * @throws LedgerUnavailable; the record then stays as it is until the lease expires.
   */
  settle<R extends StatementRequest>(
    move: (request: ProcessingRequest) => R,
  ): Promise<Settlement<R>>;
  [Symbol.asyncDispose](): Promise<void>;
}

export type Settlement<R extends StatementRequest> =
  | { readonly kind: "settled"; readonly stored: Stored<R> }
  /** Another holder's claim, or an end that somebody else wrote, stands in the record. */
  | { readonly kind: "lost"; readonly to: Stored | undefined };

export interface LeaseDependencies {
  readonly ledger: Ledger;
  readonly settings: LeaseSettings;
  readonly now: () => number;
  /** Written with each renewal. */
  readonly progress?: (at: number) => BuildProgress;
  readonly log: Log;
}

/** How soon a renewal that the ledger did not take is tried again. */
const RENEWAL_PAUSE_MS = 1_000;
/** Between renewals the record is read this often: somebody may want the end of the request. */
const LOOK_MS = 3_000;
/** What a look may take before the work goes on without it. */
const LOOK_TIMEOUT_MS = 1_000;

/** Our own write whose answer was lost: nobody else writes an end with this attempt's number. */
function isSettled<R extends StatementRequest>(fresh: Stored, next: R): fresh is Stored<R> {
  return fresh.request.attempt === next.attempt && fresh.request.status === next.status;
}

/** @returns false when it was woken before its time. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param claimed the record as the claim wrote it
 * @param sentAt monotonic time (`monotonic()`) just before the claim was sent
 */
export function holdLease(
  claimed: Stored<ProcessingRequest>,
  sentAt: number,
  { ledger, settings, now, progress, log }: LeaseDependencies,
): Lease {
  let stored = claimed;
  let lostAt = sentAt + settings.leaseMs;
  const ended = new AbortController();
  const stopHeartbeat = new AbortController();
  const end = <E extends Error>(reason: E): E => {
    ended.abort(reason);
    return reason;
  };
  const late = (): LeaseLate => end(new LeaseLate("not renewed in time"));
  let timer = startTimer(late, lostAt - monotonic());

  function renewed(sent: number): void {
    lostAt = sent + settings.leaseMs;
    stopTimer(timer);
    timer = startTimer(late, lostAt - monotonic());
  }

  function isOurs(fresh: Stored): fresh is Stored<ProcessingRequest> {
    const { request } = fresh;
    return (
      request.status === "processing" &&
      request.holder === claimed.request.holder &&
      request.attempt === claimed.request.attempt
    );
  }

  /** One compare-and-swap; on a conflict that left the record ours, once more on the fresh one. */
  async function write(move: (request: ProcessingRequest) => ProcessingRequest): Promise<void> {
    for (;;) {
      ended.signal.throwIfAborted();
      const result = await ledger.replace(stored, move(stored.request), ended.signal);
      if (result !== "conflict") {
        stored = result;
        return;
      }
      await look(ended.signal);
    }
  }

  /** The record as it is now. @throws LeaseLost, LedgerUnavailable, and the signal's reason */
  async function look(signal: AbortSignal): Promise<void> {
    const fresh = await ledger.read(stored.name, signal);
    if (!fresh || !isOurs(fresh)) throw end(new LeaseLost("the record has another holder"));
    stored = fresh;
    // A claim that was made to end the request knows it already.
    const { cancelRequestedAt } = claimed.request;
    if (cancelRequestedAt === undefined && fresh.request.cancelRequestedAt !== undefined)
      end(new CancelRequested("cancel_requested_at is set"));
  }

  /** A look that may fail. */
  async function tryLook(): Promise<void> {
    using deadline = startDeadline(LOOK_TIMEOUT_MS, ended.signal);
    await look(deadline.signal).catch((error: unknown) => {
      if (error instanceof LeaseLost) throw error;
    });
  }

  async function keepRenewing(): Promise<void> {
    const { signal } = stopHeartbeat;
    let renewAt = monotonic() + settings.renewMs;
    while (!ended.signal.aborted) {
      const leftMs = Math.max(0, renewAt - monotonic());
      if (!(await pause(Math.min(leftMs, LOOK_MS), signal))) return;
      const sent = monotonic();
      if (sent < renewAt) {
        // A record that is not ours any more ends the lease by itself.
        await serially(tryLook).catch(() => undefined);
        continue;
      }
      try {
        const reading = progress?.(now());
        await serially(() => write((request) => renew(request, now() + settings.leaseMs, reading)));
        renewed(sent);
        renewAt = monotonic() + settings.renewMs;
      } catch (error) {
        if (!(error instanceof LedgerUnavailable))
          return void end(new LeaseLost("the renewal failed"));
        log.warn({ err: error }, "the lease could not be renewed, trying again");
        renewAt = monotonic() + RENEWAL_PAUSE_MS;
      }
    }
  }

  // Renewals and updates both rest on the version last seen, so one waits for the other.
  let lastWrite: Promise<void> = Promise.resolve();
  function serially(next: () => Promise<void>): Promise<void> {
    const run = lastWrite.then(next);
    lastWrite = run.catch(() => undefined);
    return run;
  }

  const heartbeat = keepRenewing();
  async function stop(): Promise<void> {
    stopHeartbeat.abort();
    await heartbeat;
    await lastWrite;
    stopTimer(timer);
  }

  return {
    get request() {
      return stored.request;
    },
    signal: ended.signal,
    get expiresAt() {
      return stored.request.leaseExpiresAt;
    },
    remainingMs() {
      ended.signal.throwIfAborted();
      const left = lostAt - monotonic();
      if (left <= 0) throw late();
      return left;
    },
    async check() {
      ended.signal.throwIfAborted();
      await serially(tryLook);
      ended.signal.throwIfAborted();
    },
    update: (move) => serially(() => write(move)),
    async settle(move) {
      await stop();
      for (;;) {
        const next = move(stored.request);
        const result = await ledger.replace(stored, next);
        if (result !== "conflict") return { kind: "settled", stored: result };
        const fresh = await ledger.read(stored.name);
        if (fresh && isSettled(fresh, next)) return { kind: "settled", stored: fresh };
        if (!fresh || !isOurs(fresh)) return { kind: "lost", to: fresh };
        stored = fresh;
      }
    },
    [Symbol.asyncDispose]: stop,
  };
}
