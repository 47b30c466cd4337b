/**
 * One world: a ledger, a store, a bank and a broker, several processes of each function, people who
 * ask, cancel and try again. First everything goes wrong that the seed says; then nothing does any
 * more, and everything must come to rest in its time.
 */
import { eventType, isOutcome } from "../../functions/domain/events/event-types.ts";
import type { StatementEvent } from "../../functions/domain/events/statement-event.ts";
import { callbackHost } from "../../functions/domain/outcome/callback.ts";
import { recordName } from "../../functions/domain/record-name.ts";
import type { ReceivedEvent } from "../../functions/platform/cloudevents/cloudevent-parse.ts";
import {
  makeConfigMapLedger,
  type Ledger,
} from "../../functions/platform/ledger/configmap-ledger.ts";
import { wishedLedger } from "../../functions/platform/ledger/wished-ledger.ts";
import type { EventContext } from "../../functions/platform/server/event-handler.ts";
import type { Answer, HttpAnswer } from "../../functions/platform/server/answers/http-answer.ts";
import { sha256Hex } from "../../functions/platform/ledger/configmap-record.ts";
import { NO_TRACER } from "../../functions/platform/telemetry/tracing.ts";
import type { Lane } from "../../functions/domain/statement-request.ts";
import { makeDeadLetterRoute } from "../../functions/request-intake/dead-letter.ts";
import { makeRequestIntake } from "../../functions/request-intake/handler.ts";
import { makeRequestRecorder } from "../../functions/request-intake/record-request.ts";
import { makeWakeUpLimit } from "../../functions/request-intake/wake-up-limit.ts";
import { makePendingScanner } from "../../functions/pending-scanner/handler.ts";
import { makeOffering } from "../../functions/pending-scanner/offering.ts";
import { makeHandler } from "../../functions/statement-builder/handler.ts";
import { makeNarrator } from "../../functions/statement-builder/steps.ts";
import { makeCallbackSender } from "../../functions/statement-builder/callback/callback-sender.ts";
import { makeStatementBucket } from "../../functions/statement-builder/store/statement-bucket.ts";
import { wishForEnd } from "../../functions/status-api/cancel-request.ts";
import {
  announceRequest,
  cancelRequest,
  retryRequest,
} from "../../infra/operator/act/operator-moves.ts";
import { makeAnswerRules } from "./answer-rules.ts";
import { makeApiServer, type ApiServer } from "./api-server.ts";
import { makeAskers, openStatusApi, senderOf, SOURCES } from "./askers.ts";
import {
  CONTENTS,
  type CustomerKind,
  customerOf,
  kindAt,
  LARGE_ROWS,
  makeBank,
  PART_BYTES,
} from "./bank.ts";
import { makeBroker, type Delivery } from "./broker.ts";
import { makeCalls, type CallPort } from "./calls.ts";
import { draw, keyOf } from "./chance.ts";
import { makeDeliveries, UNDELIVERED } from "./deliveries.ts";
import { makeDeliveryRules } from "./delivery-rules.ts";
import { makeFaults, type Fate } from "./faults.ts";
import { makeObjectStore, type ObjectStore, type StoredObject } from "./object-store.ts";
import { wallClock } from "./simulated-clock.ts";
import { makePods, NO_LOG, received, type Pods, type PodsOptions } from "./pods.ts";
import { BUSY, callbackAt, DEAF, makeReceivers, MOVING, ORIGIN, RECEIVER } from "./receivers.ts";
import { INTAKE_BEFORE, makeRules, OPERATOR, type Rules } from "./rules.ts";
import { EPOCH, SimulatedProcess } from "./simulated-process.ts";
import { makeStory, type Story } from "./story.ts";
import { recordOfBefore, writingAsBefore } from "./version-before.ts";
import { makeVirtualTime, turnsWhile, type VirtualTime } from "./virtual-time.ts";
import { UNCOUNTED, UNSHARED } from "../support/servers/unshared-ledger.ts";

/**
 * Shorter than in a bank. An offer that came before the clocks' difference was over is made again fifteen
 * seconds later: by then what the earlier attempt has sent may still arrive, as it may in a bank.
 */
export const LEASE_MS = 20_000;
const SKEW_MS = 8_000;
/** A clock that ticks so rarely gives two requests the same time, and so the same key. */
const COARSE_MS = 500;
/** How far each may be off: two are apart by no more than SKEW_MS, also when they tick coarsely. */
const CLOCK_MS = (SKEW_MS - COARSE_MS) / 2;
const BEYOND_MS = 40_000;
/** Until when a write may land that the protocol takes for over: long behind the end of its request. */
const BEYOND_LEASES = 6;
const RETRY_MAX_MS = 20_000;
const MAX_FAILURES = 3;
/** Before an outcome that nobody took is sent again. */
const REPEAT_MS = 250;
const TICK_MS = 20_000;
const TICK_DEADLINE_MS = 17_000;
const BUILD_DEADLINE_MS = 90_000;
/** How long a quota that is full stays so. */
const FULL_MS = 90_000;
const DAY_MS = 86_400_000;
const WINDOW_MS = 100_000;
const RETENTION_MS = 130_000;
/** Longer than an outcome is told again. */
const LONG_RETENTION_MS = 900_000;
/** Within which everything must be at rest once nothing goes wrong any more. */
const REST_MS = 30 * 60_000;

/** Kinds of worlds beside the ordinary ones. */
export const WEATHERS = [
  "latecomers",
  "beyond-skew",
  "late-landing",
  "roll-out",
  "crowd",
  "full-ledger",
  "away-consumer",
  "near-deadline",
] as const;
export type Weather = (typeof WEATHERS)[number];

export interface WorldOptions {
  readonly seed: number;
  readonly requests: number;
  /** Of a hundred calls, how many go wrong. */
  readonly rate: number;
  /** Numbers of the requests that are made; all when undefined. */
  readonly onlyRequests?: ReadonlySet<number> | undefined;
  readonly onlyFaults?: ReadonlySet<string> | undefined;
  readonly isTold?: boolean;
  /** This and no other of the kinds that are drawn otherwise. */
  readonly weather?: Weather | undefined;
  /** In place of chance: somebody who chooses, in a world of one request. */
  readonly script?: Script | undefined;
}

/** What there is in a world of one request. */
export interface Scene {
  readonly kind: CustomerKind;
  /** All of them are woken by its first wake-up. */
  readonly builders: number;
  /** So long after its sender was answered, somebody asks for its end: an operator, or status-api. */
  readonly ended?: { readonly by: "operator" | "upstream"; readonly afterMs: number } | undefined;
  readonly isCalledBack?: true;
}

export interface Script extends Scene {
  /** What happens next is chosen. */
  readonly steered?: Steered | undefined;
  /** What goes wrong is. */
  readonly placed?: Placed | undefined;
}

export interface Placed {
  readonly fates: ReadonlyMap<string, Fate>;
  /** Told of every call. */
  readonly onCall: (name: string, what: string) => void;
}

export interface Steered {
  readonly time: VirtualTime;
  /** What lies in the store already. */
  readonly present: readonly StoredObject[];
  readonly callsTold: (story: Story) => CallPort;
  /** Told what there is, before anything happens. */
  readonly onSet: (scenery: Scenery) => void;
  /** Everything is at rest: the processes are stopped. */
  readonly onRest: () => void;
}

export interface Scenery {
  readonly server: Pick<ApiServer, "records">;
  readonly store: Pick<ObjectStore, "objects" | "uploads">;
  readonly rules: Pick<Rules, "remembered">;
}

export interface WorldEnd {
  readonly lives: number;
  readonly faults: ReadonlySet<string>;
  readonly broken: readonly string[];
  readonly turns: number;
  readonly seconds: number;
  readonly states: Readonly<Record<string, number>>;
  readonly story: string;
}

export async function runWorld(options: WorldOptions): Promise<WorldEnd> {
  const { seed, requests, rate, onlyFaults, onlyRequests, isTold = false, script } = options;
  const { steered, placed } = script ?? {};
  const time = steered?.time ?? makeVirtualTime();
  const has = (weather: Weather, byChance: boolean): boolean =>
    !script && (options.weather === undefined ? byChance : options.weather === weather);
  /** Events come again when their records may be deleted. */
  const hasLatecomers = has("latecomers", draw(seed, 83) < 0.25);
  /** Clocks of builders differ by more than the protocol assumes: nothing may be doubled all the same. */
  const isBeyondSkew = has("beyond-skew", !hasLatecomers && draw(seed, 88) < 0.2);
  /** What is sent to the store lands later than the protocol assumes: nothing may be doubled all the same. */
  const isBeyondLanding = has("late-landing", draw(seed, 104) < 0.1);
  /** One customer's requests come all at once: the times of their files are the same. */
  const isCrowded = has("crowd", draw(seed, 105) < 0.15);
  /** For longer than a minute nothing new is created in the ledger. */
  const isFilled = has("full-ledger", draw(seed, 107) < 0.08);
  /** Outcomes that a consumer never takes, told again until nobody is told any more. */
  const isAway = has("away-consumer", !hasLatecomers && draw(seed, 109) < 0.08);
  /** Every build takes about as long as it may: its end comes beside the creating write. */
  const isNearDeadline = has("near-deadline", draw(seed, 113) < 0.04);
  const retentionMs = isAway ? LONG_RETENTION_MS : RETENTION_MS;
  const fullFrom = 3_000 + draw(seed, 108) * 20_000;
  /** Some requests are recorded by the version before, and some builders are of it. */
  const isRollOut = has("roll-out", draw(seed, 96) < 0.2);
  const story = makeStory(isTold, () => time.now);
  const faults = makeFaults({ seed, rate, only: onlyFaults, placed: placed?.fates });
  const call =
    steered?.callsTold(story) ??
    makeCalls({ seed, time, faults, story, leaseMs: LEASE_MS, onCall: placed?.onCall });
  const terms = {
    leaseMs: LEASE_MS,
    clockSkewMs: SKEW_MS,
    retentionMs,
    maxFailures: MAX_FAILURES,
    isBeyondSkew,
    isBeyondLanding,
    calmMs: () => (isCalm ? time.now - Math.max(lastFaultAt, call.quietFrom) : 0),
  };
  const rules = makeRules(terms, () => time.now);
  const server = makeApiServer({
    seed,
    time,
    faults,
    call,
    isFull: () => isFilled && time.now >= fullFrom && time.now < fullFrom + FULL_MS,
    onChange: (change) => {
      rules.changed(change);
      answers.changed(change);
      deliveries.changed(change);
    },
  });
  const store = makeObjectStore({
    seed,
    faults,
    call,
    // What was sent within a lease lands within another one, or never: the assumption of the protocol.
    landsBy: (request, process) =>
      rules.heldUntil(request, process) + (isBeyondLanding ? BEYOND_LEASES : 1) * LEASE_MS,
    onCreating: (request, holder) => rules.creates(request, holder),
    onCreated: (request, holder, pausedUntil) => rules.hasCreated(request, holder, pausedUntil),
    now: () => time.now,
    // Where a lease keeps two from completing at once.
    isRacing: !isBeyondSkew && !isBeyondLanding && draw(seed, 111) < 0.3,
    present: steered?.present ?? [],
    onObject: (object, before) => rules.appeared(object, before),
  });
  const answers = makeAnswerRules({
    fail: (rule) => rules.break(rule),
    objects: store.objects,
    senderOf,
  });
  const deliveries = makeDeliveryRules({
    retentionMs,
    clockSkewMs: isBeyondSkew ? 2 * BEYOND_MS : SKEW_MS,
    calmMs: terms.calmMs,
    now: () => time.now,
    fail: (rule) => rules.break(rule),
  });
  const bank = makeBank({ seed, time, faults, call });
  const broker = makeBroker({
    seed,
    areAlike: steered !== undefined,
    time,
    faults,
    call,
    // Longer than the retention, in some of the worlds that wait for it.
    refusesUntil: hasLatecomers && draw(seed, 85) < 0.4 ? retentionMs + 60_000 : 0,
    onAccepted: (event) => {
      if (isOutcome(event.type)) rules.told(event);
      deliveries.accepted(event);
    },
    deliver,
    onLost: (event) => deliveries.lost(event),
    onGivenUp: (event) => behind.giveUp(event),
  });
  const receivers = makeReceivers({
    seed,
    faults,
    call,
    onCalled: (event) => rules.calledBack(event),
    fail: (rule) => rules.break(rule),
  });
  const openLedger = (api = server.api): Ledger =>
    makeConfigMapLedger({ namespace: "statements" }, api);

  // --- the functions -----------------------------------------------------------------------------

  const pods = <A = Answer>(
    name: string,
    settings: Pick<PodsOptions<A>, "most" | "standing" | "eventsAtOnce" | "deadlineMs" | "open"> & {
      readonly skewMs?: number;
    },
  ): Pods<A> =>
    makePods<A>({
      name,
      seed,
      time,
      faults,
      story,
      skewMs: CLOCK_MS,
      clockGrainMs: isCrowded || draw(seed, 84) < 0.4 ? COARSE_MS : 1,
      onLeftBehind: (what) => rules.break(`a process of ${name} has ended and left ${what}`),
      ...settings,
    });

  const builder = (execution: Lane) => (hostname: string) => {
    const isOfBefore = isRollOut && draw(seed, 97, keyOf(hostname)) < 0.5;
    const bucket = makeStatementBucket(
      {
        bucket: "statements",
        forcePathStyle: true,
        partBytes: PART_BYTES,
        queue: 2,
        log: NO_LOG,
      },
      store.client,
    );
    const handle = makeHandler({
      ledger: wishedLedger(openLedger(isOfBefore ? writingAsBefore(server.api) : server.api)),
      sink: broker.sink,
      callbacks: makeCallbackSender({
        ...receivers,
        hosts: CALLBACK_HOSTS,
        origin: ORIGIN,
        log: NO_LOG,
        now: wallClock,
      }),
      tracer: NO_TRACER,
      transactions: bank,
      bucket,
      contents: CONTENTS,
      story: makeNarrator([]),
      now: wallClock,
      settings: {
        execution,
        hostname,
        bucket: "statements",
        prefix: "",
        compression: "fast",
        defaults: { formats: ["csv"], language: "en", csvByLanguage: false },
        masked: true,
        bankId: undefined,
        bank: { address: [], legal: [] },
        typeWords: undefined,
        sign: undefined,
        encryption: { keyIds: new Map(), context: {} },
        oversizedRows: LARGE_ROWS - 1,
        leaseMs: LEASE_MS,
        renewMs: LEASE_MS / 3,
        clockSkewMs: SKEW_MS,
        publishTimeoutMs: LEASE_MS,
        maxFailures: MAX_FAILURES,
        retryBaseMs: 1_000,
        retryMaxMs: RETRY_MAX_MS,
        buildDeadlineMs: execution === "job" ? 10 * BUILD_DEADLINE_MS : BUILD_DEADLINE_MS,
      },
    });
    /** How many events this process is at, by record. */
    const atWork = new Map<string, number>();
    const count = (record: string, more: number): number => {
      const left = (atWork.get(record) ?? 0) + more;
      atWork.set(record, left);
      return left;
    };
    return {
      handle: async (event: ReceivedEvent, context: EventContext) => {
        const { subject = "" } = event;
        count(subject, 1);
        try {
          const answer = await handle(event, context);
          if (count(subject, -1) === 0) rules.hasAnswered(subject, hostname);
          return answer;
        } catch (error) {
          count(subject, -1);
          rules.hasGivenUp(subject, hostname);
          throw error;
        }
      },
      close: async () => {
        bucket[Symbol.dispose]();
        await Promise.resolve();
      },
    };
  };

  const scanner = (_: string, stopping: AbortSignal) => {
    const ledger = openLedger();
    const metrics = {
      offered: () => undefined,
      ticked: () => undefined,
      tickFailed: () => undefined,
    };
    const limits = {
      perCustomer: 5,
      builderCapacity: 4,
      deadlineMs: TICK_DEADLINE_MS,
    };
    const shared = {
      ledger,
      sink: broker.sink,
      metrics,
      now: wallClock,
      stopping,
    };
    const offering = makeOffering({ ...shared, ledger: wishedLedger(ledger), limits });
    const handle = makePendingScanner({
      ...shared,
      tally: UNCOUNTED,
      offering,
      retentionMs,
    });
    return { handle, close: async () => await offering.ended() };
  };

  const rulesOfIntake = {
    defaultTimeZone: "UTC",
    periodBasis: "posted_at" as const,
    maxPeriodMonths: 24,
    eventWindowDays: WINDOW_MS / DAY_MS,
    callbackHosts: CALLBACK_HOSTS,
  };
  const intake = () => {
    const handle = makeRequestIntake({
      recorder: makeRequestRecorder({
        ledger: openLedger(),
        rules: rulesOfIntake,
        now: wallClock,
      }),
      sink: broker.sink,
      wakeUps: makeWakeUpLimit(10, wallClock),
      share: UNSHARED,
      rules: rulesOfIntake,
      now: wallClock,
    });
    const deadLetters = { ledger: openLedger(), firstPauseMs: REPEAT_MS, now: wallClock };
    const route = makeDeadLetterRoute(deadLetters);
    return {
      handle: async (event: ReceivedEvent, context: EventContext) =>
        await (UNDELIVERED in event.attributes ? route.handle : handle)(event, context),
    };
  };

  const service = pods("builder", {
    most: script?.builders ?? 3,
    standing: steered && script?.builders,
    eventsAtOnce: script ? 1 : 2,
    deadlineMs: BUILD_DEADLINE_MS + 45_000,
    open: builder("service"),
    skewMs: isBeyondSkew ? BEYOND_MS : CLOCK_MS,
  });
  const scanners = pods("scanner", {
    most: 2,
    standing: steered && 1,
    eventsAtOnce: 4,
    deadlineMs: TICK_DEADLINE_MS + 15_000,
    open: scanner,
  });
  const intakes = pods("intake", {
    most: 2,
    standing: steered && 1,
    eventsAtOnce: 8,
    deadlineMs: 30_000,
    open: intake,
  });
  const statusApis = pods<HttpAnswer>("status-api", {
    most: 2,
    eventsAtOnce: 4,
    deadlineMs: 30_000,
    open: () => openStatusApi(openLedger(), { store: store.client, rules: rulesOfIntake }),
  });
  const askers = makeAskers({ seed, time, faults, story, pods: statusApis, rules: answers });
  const behind = makeDeliveries({
    seed,
    time,
    faults,
    story,
    intakes,
    rules: deliveries,
    neverTaken: isAway ? 300 : 20,
  });
  const jobs = new Map<string, Pods>();

  // --- the events --------------------------------------------------------------------------------

  function deliver(event: StatementEvent, delivery: Delivery): void {
    const { type } = event;
    if (type === eventType("requested")) takeIn(event, delivery);
    if (type === eventType("oversized")) startJob(event);
    if (isOutcome(type)) behind.consume(event, delivery, () => broker.again(event, delivery));
    if (type !== eventType("recorded") && type !== eventType("due")) return;
    const isFirst = delivery.number === 0 && delivery.tries === 1;
    const copies = script && isFirst ? script.builders : 1;
    for (let copy = 0; copy < copies; copy++) {
      service.deliver(received(event), delivery.number * 8 + delivery.tries + copy, (answer) => {
        if (!answer || answer.kind === "unavailable") broker.again(event, delivery);
      });
    }
  }

  /** As a Broker's trigger does: what is refused for good is no matter of trying again. */
  function takeIn(event: StatementEvent, delivery: Delivery): void {
    const place = 2_000_000 + delivery.number * 8 + delivery.tries;
    unanswered++;
    intakes.deliver(received(event), place, (answer) => {
      unanswered--;
      if (!answer || answer.kind === "unavailable") {
        broker.again(event, delivery);
        return;
      }
      const number = byBroker.get(event.id) ?? 0;
      answered(event, number, answer);
      if ("problems" in answer) behind.giveUp(event);
      else deliveries.taken(event);
    });
  }

  /** As a JobSink does: the same event is the same Job, whose pods start again a few times. */
  function startJob(event: StatementEvent): void {
    if (jobs.has(event.id)) return;
    const job = pods(`job-${jobs.size + 1}`, {
      most: 1,
      eventsAtOnce: 1,
      deadlineMs: 20 * BUILD_DEADLINE_MS,
      open: builder("job"),
    });
    jobs.set(event.id, job);
    const attempt = (left: number): void =>
      job.deliver(received(event), left, (answer) => {
        if (answer?.kind === "nothing-to-do") job.stopAll();
        else if (left > 0) time.put(time.now + 5_000, () => attempt(left - 1));
      });
    attempt(3);
  }

  function tick(number: number): void {
    if (hasStopped) return;
    // What rests long enough is deleted in worlds of latecomers; elsewhere nobody looks at what rests.
    if (hasLatecomers || !isCalm || !rests())
      scanners.deliver(received({ type: "tick", id: `tick-${number}` }), number, () => undefined);
    time.put((number + 1) * TICK_MS, () => tick(number + 1), { what: "a tick" });
  }

  // --- the people --------------------------------------------------------------------------------

  const stormMs = script ? 1 : 10_000 + draw(seed, 70) * 50_000;
  const names = new Map<number, string>();
  const sentAts = new Map<number, number>();
  /** Requests that come through the broker, by the ids of their events. */
  const byBroker = new Map<string, number>();
  const patienceMs = isFilled ? 20_000 : 3_000;
  let unanswered = 0;
  let late = 0;
  let isCalm = false;
  let hasStopped = false;
  const rests = (): boolean =>
    unanswered === 0 &&
    late === 0 &&
    rules.isAtRest() &&
    broker.isIdle &&
    behind.isIdle &&
    deliveries.isAtRest();

  function ask(number: number): void {
    const at = Math.floor(draw(seed, 71, ...(isCrowded ? [] : [number])) * stormMs);
    const drawn = isNearDeadline ? "long" : kindAt(seed, isCrowded ? 0 : number);
    const kind = script?.kind ?? drawn;
    // Several of one customer, some in the same millisecond.
    const customer_id = customerOf(kind, isCrowded ? 0 : Math.floor(draw(seed, 72, number) * 3));
    const sentAt = draw(seed, 73, number) < 0.2 ? Math.floor(at / 30_000) * 30_000 : at;
    sentAts.set(number, sentAt);
    const isOfBefore = isRollOut && draw(seed, 98, number) < 0.3;
    const source = SOURCES[draw(seed, 106, number) < 0.7 ? 0 : 1] ?? "";
    const id = `event-${number}`;
    const event: Partial<ReceivedEvent> = {
      id,
      source,
      type: eventType("requested"),
      time: new Date(EPOCH + sentAt).toISOString(),
      // The version before takes none.
      data: { customer_id, ...PERIOD, ...(isOfBefore ? {} : callbackOf(number)) },
    };
    if (isOfBefore) recordBefore(customer_id, event, number, at);
    else if (!script && draw(seed, 110, number) < 0.2) {
      byBroker.set(id, number);
      // A sender's event has less in it than one of ours.
      time.put(at, () => broker.take(event as unknown as StatementEvent));
    } else {
      unanswered++;
      post(event, number, 0, at);
    }
    if (faults.happens("sent twice", 300, 74, number)) {
      unanswered++;
      const again = at + draw(seed, 75, number) * 3_000;
      // Without an index it is found by its time alone.
      post(isOfBefore ? event : timedAnew(event, number, again), number, 100, again);
    }
    if (hasLatecomers && faults.happens("sent again late", 300, 76, number)) {
      late++;
      time.put(at + draw(seed, 77, number) * 1.8 * WINDOW_MS, () => {
        late--;
        unanswered++;
        post(isOfBefore ? event : timedAnew(event, number, time.now), number, 200, time.now);
      });
    }
    if (hasLatecomers && faults.happens("asked of while deleted", 500, 94, number))
      askWhileDeleted(number, at);
    if (faults.happens("cancelled by", 200, 78, number))
      time.put(at + draw(seed, 79, number) * 60_000, () => operate("cancel", number));
    const name = (): string | undefined => names.get(number);
    const asked = { number, at, customerId: customer_id, event: { source, id } };
    askers.about({ ...asked, isIndexed: !isOfBefore, name });
    if (faults.happens("tried again by", 500, 81, number)) {
      late++;
      time.put(at + 60_000 + draw(seed, 80, number) * 60_000, () => {
        late--;
        operate("retry", number);
      });
    }
  }

  function callbackOf(number: number) {
    const scripted = script?.isCalledBack ? RECEIVER : undefined;
    const callback_url = script ? scripted : callbackAt(seed, isCrowded ? 0 : number);
    return callback_url === undefined ? {} : { callback_url };
  }

  /** By the intake of the version before, in one step: how it did that is no matter here. */
  function recordBefore(
    customerId: string,
    { id = "", source = "", type = "", time: sentAt = "" }: Partial<ReceivedEvent>,
    number: number,
    at: number,
  ): void {
    time.put(at, () => {
      const event = { id, source, type, time: Date.parse(sentAt) };
      // Another one's millisecond is taken: the next free one is its own.
      let free = event.time;
      while (server.records.has(recordName(customerId, free, sha256Hex))) free++;
      const name = recordName(customerId, free, sha256Hex);
      names.set(number, name);
      const period = { startDate: PERIOD.start_date, endDate: PERIOD.end_date, timeZone: "UTC" };
      const recordedAt = EPOCH + Math.floor(time.now);
      const facts = { name, customerId, ...period, options: {}, event, recordedAt };
      server.create(recordOfBefore(facts), INTAKE_BEFORE);
      story.tell(INTAKE_BEFORE, `POST ${name}`, "pending, without an index");
    });
  }

  /** An operator who wants something of a request while the tick that may delete it is at work. */
  function askWhileDeleted(number: number, at: number): void {
    const oldMs = at + retentionMs + draw(seed, 89, number) * 40_000;
    const tickAt = Math.ceil(oldMs / TICK_MS) * TICK_MS;
    late++;
    time.put(tickAt + draw(seed, 92, number) * 250, () => {
      late--;
      operate(draw(seed, 93, number) < 0.3 ? "retry" : "announce", number);
    });
  }

  /** Most SDKs give an event that is built again a time of its own. */
  function timedAnew(
    event: Partial<ReceivedEvent>,
    number: number,
    at: number,
  ): Partial<ReceivedEvent> {
    if (draw(seed, 86, number) < 0.5) return event;
    return { ...event, time: new Date(EPOCH + Math.floor(at)).toISOString() };
  }

  /** Until somebody answers, as a sender must. */
  function post(event: Partial<ReceivedEvent>, number: number, tries: number, at: number): void {
    const again = (): void =>
      post(event, number, tries + 1, time.now + 500 + draw(seed, 82, number, tries) * patienceMs);
    time.put(at, () => {
      if (faults.happens("post lost", 50, number, tries)) {
        again();
        return;
      }
      intakes.deliver(received(event), number * 1_000 + tries, (answer: Answer | undefined) => {
        const isHeard = !faults.happens("answer to the sender lost", 50, number, tries, 1);
        if (!isHeard || !answer || answer.kind === "unavailable") {
          again();
          return;
        }
        unanswered--;
        answered(event, number, answer);
      });
    });
  }

  /** Whoever has sent it knows what became of it. */
  function answered(event: Partial<ReceivedEvent>, number: number, answer: Answer): void {
    if ("problems" in answer && answer.problems.some(({ code }) => code === "event_conflict"))
      rules.break(`the event ${event.id ?? ""} came again and was taken for another one`);
    // The first event's time counts, whatever a repeat says.
    const age = time.now - (sentAts.get(number) ?? 0);
    if ("problems" in answer && age < WINDOW_MS - 2 * SKEW_MS)
      rules.break(`the event ${event.id ?? ""} is refused, and is good`);
    if (answer.kind !== "event") return;
    names.set(number, answer.event.subject);
    askForEnd(script?.ended, number);
    rules.promised(`${event.source ?? ""} ${event.id ?? ""}`, answer.event.subject);
  }

  /** Each command is a process, which may die of it. */
  function operate(what: keyof typeof MOVES, number: number): void {
    const name = names.get(number);
    if (name === undefined) return;
    const operator = new SimulatedProcess(`${OPERATOR}-${what}-${number}`, seed, time);
    operator.run(() => {
      const { signal } = new AbortController();
      const desk = openLedger();
      const find = async () => {
        const stored = await desk.read(name);
        if (!stored) throw new Error("it is not there");
        return stored;
      };
      MOVES[what]({ ledger: desk, find, now: wallClock, by: OPERATOR, signal }).catch(
        () => undefined,
      );
    });
  }

  function askForEnd(ended: Scene["ended"], number: number): void {
    if (!ended) return;
    late++;
    time.put(time.now + ended.afterMs, () => {
      late--;
      if (ended.by === "operator") operate("cancel", number);
      else wish(number);
    });
  }

  function wish(number: number): void {
    const name = names.get(number);
    if (name === undefined) return;
    const upstream = new SimulatedProcess(`status-api-${number}`, seed, time);
    upstream.run(() => {
      const { signal } = new AbortController();
      const statusApi = wishedLedger(openLedger());
      const asked = async (): Promise<void> => {
        const stored = await statusApi.read(name, signal);
        const wishing = { ledger: statusApi, now: wallClock, by: "upstream" };
        if (stored) await wishForEnd(stored.request, wishing, signal);
      };
      asked().catch(() => undefined);
    });
  }

  // --- the way of the world ----------------------------------------------------------------------

  for (let number = 0; number < requests; number++) {
    if (!onlyRequests || onlyRequests.has(number)) ask(number);
  }
  tick(0);
  steered?.onSet({ server, store, rules });
  const isBroken = (): boolean => rules.broken.length > 0;
  const stormEnd = Math.max(stormMs + 50_000, isFilled ? fullFrom + FULL_MS : 0);
  const lastFaultAt = script ? 0 : stormEnd;
  const restBy = lastFaultAt + REST_MS;
  let hasBegun = false;
  await turnsWhile(time, () => {
    if (isBroken()) return false;
    if (!hasBegun) return (hasBegun = true);
    if (!isCalm && time.now > lastFaultAt) {
      isCalm = true;
      faults.end();
      story.tell("", "nothing goes wrong any more");
    }
    if (isCalm && time.now >= call.quietFrom && rests()) return false;
    return time.now <= restBy;
  });
  if (!isBroken()) {
    steered?.onRest();
    if (unanswered > 0) rules.break("a sender got no answer");
    rules.atRest(server.records, store);
    deliveries.atRest();
    hasStopped = true;
    askers.end();
    const stopAt = time.now + 40_000;
    for (const all of [service, scanners, intakes, statusApis, ...jobs.values()]) all.stopAll();
    await turnsWhile(time, () => !isBroken() && time.now < stopAt);
  }
  return {
    lives: Object.values(rules.states).reduce((sum, count) => sum + count, 0),
    faults: faults.taken,
    broken: rules.broken,
    turns: time.turns,
    seconds: time.now / 1000,
    states: rules.states,
    story: story.table(),
  };
}

const PERIOD = { start_date: "2026-09-01", end_date: "2026-09-30" };

/** What an operator may want. */
const MOVES = { cancel: cancelRequest, retry: retryRequest, announce: announceRequest };

const CALLBACK_HOSTS = [RECEIVER, DEAF, BUSY, MOVING].map(callbackHost);
