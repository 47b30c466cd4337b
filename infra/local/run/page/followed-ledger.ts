/**
 * The ledger's requests as they are now. Changes come by a watch at once; all of it is read again
 * now and then, so that what a watch may miss is not missed for long.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type {
  RequestStatus,
  StatementRequest,
} from "../../../../functions/domain/statement-request.ts";
import type { Ledger } from "../../../../functions/platform/ledger/configmap-ledger.ts";
import { watchChanges } from "../../../operator/changes.ts";
import { stateKey } from "../../../operator/state-line.ts";

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
  readonly requests: ReadonlyMap<string, Followed>;
  /** Whether the last reading of it went well; `undefined` before the first one. */
  readonly answers: boolean | undefined;
}

export interface FollowOptions {
  readonly ledger: Pick<Ledger, "list">;
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly signal: AbortSignal;
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

/** Goes on until the signal aborts; trouble shows in `answers`. */
export function followLedger(options: FollowOptions): FollowedLedger {
  const { ledger, kubeconfig, namespace, signal, onStep, onNews } = options;
  const requests = new Map<string, Followed & { readonly seenAs: number }>();
  let answers: boolean | undefined;
  let wasRead = false;
  /** Orders what the watch said against what a reading began to say before. */
  let clock = 0;

  function write(request: StatementRequest): void {
    const known = requests.get(request.facts.name);
    const isStep = !known || stateKey(known.request) !== stateKey(request);
    const { status, attempt } = request;
    const step = { status, attempt, at: Date.now() };
    const steps = isStep ? [...(known?.steps ?? []), step].slice(-KEPT_STEPS) : known.steps;
    requests.set(request.facts.name, { request, steps, seenAs: ++clock });
    if (isStep) onStep(known?.request, request);
    else if (request.status === "processing" && request.progress) onNews();
  }

  function remove(name: string): void {
    const known = requests.get(name);
    if (requests.delete(name)) onStep(known?.request);
  }

  async function readAll(): Promise<void> {
    const began = ++clock;
    const found = new Set<string>();
    for await (const { records } of ledger.list({}, signal)) {
      for (const { request } of records) {
        found.add(request.facts.name);
        if ((requests.get(request.facts.name)?.seenAs ?? 0) > began) continue;
        // What was there before anybody looked has no steps that were seen.
        if (wasRead) write(request);
        else requests.set(request.facts.name, { request, steps: [], seenAs: ++clock });
      }
    }
    for (const [name, { seenAs }] of requests) {
      if (seenAs < began && !found.has(name)) remove(name);
    }
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
          if (change.kind === "written") write(change.request);
          if (change.kind === "deleted") remove(change.name);
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
    get answers() {
      return answers;
    },
  };
}
