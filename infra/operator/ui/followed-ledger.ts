/**
 * The ledger's requests as they are now. Changes come by a watch at once; all of it is read again
 * now and then, so that what a watch may miss is not missed for long. What has ended long ago is counted
 * alone: memory has a bound, however many there are.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  isFinal,
  requestCancel,
  type RequestStatus,
  type StatementRequest,
} from "../../../functions/domain/statement-request.ts";
import type { Ledger } from "../../../functions/platform/ledger/configmap-ledger.ts";
import { watchChanges } from "../look/changes.ts";

/** A state as it was seen to begin. */
export interface Step {
  readonly status: RequestStatus;
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface Followed {
  readonly request: StatementRequest;
  /** Since it is being followed, so not of what was there before; oldest first. */
  readonly steps: readonly Step[];
}

export interface FollowedLedger {
  /** The newest, and all that have not ended. */
  readonly requests: ReadonlyMap<string, Followed>;
  /** Those that are only counted, by name. */
  readonly others: ReadonlyMap<string, RequestStatus>;
  /** Whether the last reading of it went well; `undefined` before the first one. */
  readonly answers: boolean | undefined;
  /** Somebody looks at this one: it is followed, if there is such a request. @throws LedgerUnavailable */
  bring(name: string): Promise<void>;
}

export interface FollowOptions {
  readonly ledger: Pick<Ledger, "list" | "read">;
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly signal: AbortSignal;
  /** How many are followed at least; more of them only while they have not ended. */
  readonly most?: number;
  /** A state began; `before` is undefined for a new request, `after` for one that is gone. */
  readonly onStep: (before: StatementRequest | undefined, after?: StatementRequest) => void;
  /** Anything else is new: how far a build is, the first reading, or whether it answers. */
  readonly onNews: () => void;
}

const READ_EVERY_MS = 10_000;
const PAUSE_AFTER_FAILURE_MS = 2_000;
/** At most a twentieth of the time goes into reading all of it. */
const REST_PER_READING = 20;
const KEPT_STEPS = 8;
/** Of 1 kB each; a board of them is made in milliseconds. */
const MOST = 20_000;
/** They are sorted when there are half as many more. */
const SLACK = 1.5;

/** Goes on until the signal aborts; trouble shows in `answers`. */
export function followLedger(options: FollowOptions): FollowedLedger {
  const { ledger, kubeconfig, namespace, signal, onStep, onNews, most = MOST } = options;
  const requests = new Map<string, Followed & { readonly seenAs: number }>();
  const others = new Map<string, RequestStatus>();
  let answers: boolean | undefined;
  let wasRead = false;
  /** Orders what the watch said against what a reading began to say before. */
  let clock = 0;
  let room = most * SLACK;

  function write(request: StatementRequest): void {
    const { name } = request.facts;
    const known = requests.get(name);
    const { status, attempt } = request;
    const isStep = known?.request.status !== status || known.request.attempt !== attempt;
    const step = { status, attempt, at: Date.now() };
    const steps = isStep ? [...(known?.steps ?? []), step].slice(-KEPT_STEPS) : known.steps;
    const wasCounted = others.delete(name);
    requests.set(name, { request, steps: wasCounted ? [] : steps, seenAs: ++clock });
    if (isStep && !wasCounted) onStep(known?.request, request);
    else if (wasCounted || (request.status === "processing" && request.progress)) onNews();
    else if (known && isCancelling(known.request) !== isCancelling(request)) onNews();
  }

  /** A watch of the records sees no wish beside one (`cancel-wish.ts`): what a reading has found holds until the end. */
  function withKnownWish(request: StatementRequest): StatementRequest {
    const known = requests.get(request.facts.name)?.request;
    if (isFinal(request) || !known || isFinal(known)) return request;
    const { cancelRequestedAt } = known;
    return cancelRequestedAt === undefined ? request : requestCancel(request, cancelRequestedAt);
  }

  function remove(name: string): void {
    const known = requests.get(name);
    if (requests.delete(name)) onStep(known?.request);
    else if (others.delete(name)) onNews();
  }

  /** Counts the oldest that have ended, and no more. */
  function letOldGo(): void {
    if (requests.size <= room) return;
    const newestFirst = [...requests.values()].sort(
      (a, b) => b.request.facts.recordedAt - a.request.facts.recordedAt,
    );
    for (const { request } of newestFirst.slice(most)) {
      if (!isFinal(request)) continue;
      requests.delete(request.facts.name);
      others.set(request.facts.name, request.status);
    }
    // Where most have not ended, they are not sorted again for each that comes.
    room = Math.max(most, requests.size) * SLACK;
  }

  async function readAll(): Promise<void> {
    const began = ++clock;
    const found = new Set<string>();
    for await (const { records } of ledger.list({}, signal)) {
      for (const { request } of records) {
        const { name } = request.facts;
        found.add(name);
        if ((requests.get(name)?.seenAs ?? 0) > began) continue;
        if (others.get(name) === request.status) continue;
        // What was there before anybody looked has no steps that were seen.
        if (wasRead) write(request);
        else requests.set(name, { request, steps: [], seenAs: ++clock });
      }
      letOldGo();
    }
    for (const [name, { seenAs }] of requests) {
      if (seenAs < began && !found.has(name)) remove(name);
    }
    for (const name of others.keys()) if (!found.has(name)) remove(name);
    wasRead = true;
  }

  async function readOften(): Promise<void> {
    while (!signal.aborted) {
      const began = performance.now();
      const before = answers;
      answers = await readAll().then(
        () => true,
        () => false,
      );
      if (answers !== before) onNews();
      const rest = Math.max(READ_EVERY_MS, (performance.now() - began) * REST_PER_READING);
      await pause(answers ? rest : PAUSE_AFTER_FAILURE_MS);
    }
  }

  async function watch(): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const change of watchChanges({ kubeconfig, namespace }, signal)) {
          if (change.kind === "written") write(withKnownWish(change.request));
          if (change.kind === "deleted") remove(change.name);
          letOldGo();
        }
      } catch {
        // Reading it again meets the same trouble, and says so.
      }
      await pause(PAUSE_AFTER_FAILURE_MS);
    }
  }

  const pause = (ms: number): Promise<void> =>
    sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);

  void watch();
  void readOften();
  return {
    requests,
    others,
    get answers() {
      return answers;
    },
    async bring(name) {
      if (requests.has(name)) return;
      const stored = await ledger.read(name, signal);
      if (!stored || requests.has(name)) return;
      others.delete(name);
      requests.set(name, { request: stored.request, steps: [], seenAs: ++clock });
      onNews();
    },
  };
}

const isCancelling = (request: StatementRequest): boolean =>
  !isFinal(request) && request.cancelRequestedAt !== undefined;
