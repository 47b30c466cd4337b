/**
 * How the ledger stands, from one list of what is not at rest and the changes since: what is due, what
 * is being built, and which offers are out. It decides what may be offered at each moment:
 *
 *   room = free builders + what they finish in a second − offers they have not claimed yet
 *
 * A Job that is offered is a Job that is started, so in its lane nothing is offered ahead. Fewer builders may run
 * than there is room for: so an offer keeps its place until it counts as lost, and is then the next one to be made.
 *
 * `from` of what waits is a reading of `monotonic()`; dates of records are by the clock.
 */
import {
  isFinal,
  type Lane,
  type OpenRequest,
  type StatementRequest,
} from "../domain/statement-request.ts";
import { isAccepted } from "../domain/outcome/telling.ts";
import { dueAt, isLive } from "./due.ts";
import { makeFairQueue } from "./fair-queue.ts";
import { monotonic } from "../platform/clock/clock.ts";

export interface OfferLimits {
  /** Requests of one customer that are offered or being built at a time, while builds are slow. */
  readonly perCustomer: number;
  /** Requests the builders can work on at a time. */
  readonly builderCapacity: number;
  /** Each offer starts a Job, whatever the lane. */
  readonly offersAreJobs?: boolean;
}

export interface Standing {
  readonly counts: {
    readonly pending: number;
    processing: number;
    /** Not accepted by the sink. */
    unannounced: number;
    /** To be called back, and told but for that. */
    callbacks: number;
  };
  /** Due and not offered yet. */
  readonly due: number;
  /** Held by a live lease, or offered and not claimed yet. */
  readonly busy: number;
  /** Milliseconds since the epoch; undefined when nothing is pending. */
  readonly oldestPendingAt: number | undefined;
  /** When the oldest wish to cancel was made whose request is open; undefined without one. */
  readonly oldestCancelAt: number | undefined;
}

export interface Backlog {
  /** A list follows: forget everything but the offers that are out. */
  beginList(): void;
  listed(request: StatementRequest): void;
  endList(): void;
  /** Seen after the list. */
  changed(request: StatementRequest): void;
  /** It is at rest, or deleted. */
  gone(name: string): void;
  /**
   * Takes what may be offered now; each is out from then on.
   *
   * @param aheadMs offer what the builders finish in this time too: for when nobody will look
   */
  take(aheadMs?: number): readonly StatementRequest[];
  /** The sink did not take it. */
  refused(request: StatementRequest): void;
  hasDue(): boolean;
  /**
   * When there is something to take again, if nothing changes until then: a reading of `monotonic()`.
   * Infinity when only a change can bring it.
   */
  nextAt(): number;
  /** There was more than can be held: what is due may be found by another list. */
  readonly isCut: boolean;
  standing(): Standing;
}

/** Of what waits, in all; a record takes about a KiB. */
const CAPACITY = 10_000;
/** A request that was just recorded has a wake-up of its own on its way, unless that was lost. */
export const WAKE_UP_MS = 3_000;
/** A builder announces what it has ended itself. */
const ANNOUNCEMENT_MS = 10_000;
/** An offer that is not claimed for so long, beside a free builder, keeps nobody waiting, if few are so slow … */
const SLOW_OFFER_MS = 2_000;
/** … and after so long it counts as lost. */
const LOST_OFFER_MS = 15_000;
/** How many slow offers may keep nobody waiting: at least so many, and this share of the builders. */
const FEW_SLOW = 2;
const SLOW_SHARE = 0.25;
/** Lists are made at least so often, tick by tick. */
const SOON_MS = 60_000;
/** A Job waits for a node; its record says the same, see JOB_START_MS of the domain. */
const LOST_JOB_MS = 5 * 60_000;

type Status = keyof Standing["counts"];

interface Offer {
  readonly request: StatementRequest;
  readonly sentAt: number;
}

export function makeBacklog(limits: OfferLimits, now: () => number): Backlog {
  const makeQueues = () => ({ service: makeFairQueue(CAPACITY), job: makeFairQueue(CAPACITY) });
  const firstTime = makeQueues();
  /** Lost offers. One may have waited behind what is built: another in its place would wait there as well. */
  const again = makeQueues();
  const queues = [...Object.values(again), ...Object.values(firstTime)];
  /** Somebody waits for the end of these: they come before every turn. */
  const cancels = new Map<string, StatementRequest>();
  /** When they were wished for, of all open requests, whoever has them. */
  const wishes = new Map<string, number>();
  const live = new Map<string, StatementRequest & { readonly leaseExpiresAt: number }>();
  const statuses = new Map<string, Status>();
  const offers = new Map<string, Offer>();
  const pace = makePace();
  /** The other one goes first the next time. */
  const lanes: Lane[] = ["service", "job"];
  /** When no builder was free for the last time: until then an unclaimed offer was no lost one. */
  let fullAt = 0;
  const fewSlow = Math.max(FEW_SLOW, Math.ceil(limits.builderCapacity * SLOW_SHARE));
  const laneOf = ({ lane }: StatementRequest): Lane => (limits.offersAreJobs ? "job" : lane);

  function forget(name: string): void {
    noteFull();
    for (const queue of queues) queue.remove(name);
    for (const names of [cancels, wishes, live, statuses]) names.delete(name);
  }

  function end(name: string): void {
    if (offers.delete(name)) pace.count();
  }

  /** @param waitMs how long something else may still take care of it */
  function place(request: StatementRequest, waitMs: number, into = firstTime): void {
    const { name } = request.facts;
    if (isLive(request, now())) live.set(name, request);
    else if (isWished(request)) cancels.set(name, request);
    else {
      const ms = Math.max(waitMs, dueAt(request) - now());
      // A callback may have days to wait: it takes no place from what is due, and a list brings it up again.
      if (isFinal(request) && ms > SOON_MS) return;
      into[laneOf(request)].put({ request, from: ms > 0 ? monotonic() + ms : 0 });
    }
  }

  function see(request: StatementRequest, waitMs: number): void {
    const { name } = request.facts;
    forget(name);
    statuses.set(name, statusOf(request));
    if (isWished(request)) wishes.set(name, request.cancelRequestedAt);
    const offer = offers.get(name);
    if (offer && isSameTurn(offer.request, request)) return;
    end(name);
    place(request, waitMs);
  }

  /** While no builder was free, no offer grew old. */
  function noteFull(): void {
    if (live.size >= limits.builderCapacity) fullAt = monotonic();
  }

  function ageOf({ sentAt }: Offer): number {
    return monotonic() - Math.max(sentAt, fullAt);
  }

  function lostAt({ request, sentAt }: Offer): number {
    return Math.max(sentAt, fullAt) + (laneOf(request) === "job" ? LOST_JOB_MS : LOST_OFFER_MS);
  }

  /** How many places are taken by offers that nobody has claimed yet. */
  function unclaimed(): number {
    let waiting = 0;
    let slow = 0;
    for (const offer of offers.values()) {
      if (laneOf(offer.request) === "job" || ageOf(offer) <= SLOW_OFFER_MS) waiting++;
      else if (!mayHaveToWait(offer.request)) slow++;
    }
    return waiting + Math.max(0, slow - fewSlow);
  }

  /** What time alone has changed: leases that expired, offers that were lost. */
  function refresh(): void {
    noteFull();
    for (const request of live.values()) {
      if (isLive(request, now())) continue;
      live.delete(request.facts.name);
      place(request, 0);
    }
    for (const offer of offers.values()) {
      if (lostAt(offer) > monotonic()) continue;
      offers.delete(offer.request.facts.name);
      place(offer.request, 0, again);
    }
  }

  return {
    beginList() {
      noteFull();
      for (const queue of queues) queue.clear();
      for (const names of [cancels, wishes, live, statuses]) names.clear();
    },
    listed: (request) => see(request, 0),
    endList() {
      for (const queue of queues) queue.sort();
      // They ended at any time since somebody looked: no measure of the pace.
      for (const name of offers.keys()) if (!statuses.has(name)) offers.delete(name);
    },
    changed: (request) => see(request, graceOf(request)),
    gone(name) {
      forget(name);
      end(name);
    },

    take(aheadMs = 0) {
      refresh();
      const ahead = Math.ceil(pace.perSecond() * (1 + aheadMs / 1000));
      const taken = new Map<string, number>();
      const count = ({ facts: { customerId } }: StatementRequest): void =>
        void taken.set(customerId, (taken.get(customerId) ?? 0) + 1);
      const chosen = [...cancels.values()];
      cancels.clear();
      for (const request of [...live.values(), ...chosen]) count(request);
      for (const { request } of offers.values()) count(request);
      const free = limits.builderCapacity - live.size - unclaimed();
      for (const lane of lanes) {
        const more = lane === "job" ? 0 : ahead;
        for (const queue of [again[lane], firstTime[lane]]) {
          const next = queue.take(
            Math.max(0, free + more - chosen.length),
            monotonic(),
            (customer, mine) => (taken.get(customer) ?? 0) + mine < limits.perCustomer + more,
          );
          for (const request of next) count(request);
          chosen.push(...next);
        }
      }
      lanes.reverse();
      for (const request of chosen) {
        offers.set(request.facts.name, { request, sentAt: monotonic() });
      }
      return chosen;
    },

    refused(request) {
      if (offers.delete(request.facts.name)) place(request, 0);
    },
    hasDue: () => cancels.size > 0 || queues.some((queue) => queue.hasDue(monotonic())),
    nextAt() {
      let expiresAt = Infinity;
      for (const { leaseExpiresAt } of live.values())
        expiresAt = Math.min(expiresAt, leaseExpiresAt);
      let next = monotonic() + (expiresAt - now());
      for (const offer of offers.values()) next = Math.min(next, lostAt(offer));
      for (const queue of queues) next = Math.min(next, queue.nextFrom());
      return next;
    },
    get isCut() {
      return queues.some(({ dropped }) => dropped > 0);
    },

    standing() {
      const counts = { pending: 0, processing: 0, unannounced: 0, callbacks: 0 };
      for (const status of statuses.values()) counts[status]++;
      let due = cancels.size;
      let oldest = Infinity;
      for (const queue of queues) {
        due += queue.due(monotonic()) + queue.dropped;
        oldest = Math.min(oldest, queue.oldestPendingAt() ?? Infinity);
      }
      const out = [...offers.values()].map(({ request }) => request);
      for (const {
        facts: { name, recordedAt },
      } of [...cancels.values(), ...out]) {
        if (statuses.get(name) === "pending") oldest = Math.min(oldest, recordedAt);
      }
      return {
        counts,
        due,
        busy: live.size + offers.size,
        oldestPendingAt: finite(oldest),
        oldestCancelAt: finite([...wishes.values()].reduce((a, b) => Math.min(a, b), Infinity)),
      };
    },
  };
}

const finite = (instant: number): number | undefined =>
  instant === Infinity ? undefined : instant;

/** Somebody waits for its end. */
function isWished(
  request: StatementRequest,
): request is OpenRequest & { readonly cancelRequestedAt: number } {
  return !isFinal(request) && request.cancelRequestedAt !== undefined;
}

/** A builder may have answered that it is too early: for a cancel, or behind a dead builder. */
function mayHaveToWait(request: StatementRequest): boolean {
  return request.status === "processing" || isWished(request);
}

function statusOf(request: StatementRequest): Status {
  if (!isFinal(request)) return request.status;
  return isAccepted(request) ? "callbacks" : "unannounced";
}

/**
 * A claim makes the attempt grow, an ending changes the status, a callback that was tried has another time:
 * until then an offer is still out.
 */
function isSameTurn(offered: StatementRequest, seen: StatementRequest): boolean {
  const { attempt, status } = offered;
  if (attempt !== seen.attempt || status !== seen.status) return false;
  return !isFinal(seen) || dueAt(offered) === dueAt(seen);
}

function graceOf(request: StatementRequest): number {
  if (request.status === "pending") return request.attempt === 0 ? WAKE_UP_MS : 0;
  return request.status === "processing" ? 0 : ANNOUNCEMENT_MS;
}

/** How many offers were claimed or ended in a second, of the last two the better one. */
function makePace() {
  let began = monotonic();
  let current = 0;
  let last = 0;
  function turn(): void {
    const seconds = Math.floor((monotonic() - began) / 1000);
    if (seconds === 0) return;
    last = seconds === 1 ? current : 0;
    current = 0;
    began += seconds * 1000;
  }
  return {
    count() {
      turn();
      current++;
    },
    perSecond() {
      turn();
      return Math.max(current, last);
    },
  };
}
