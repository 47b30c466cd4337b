/** Pods of one function: started when there is work, killed by faults, stopped when told to go. */
import type { StatementEvent } from "../../functions/domain/events/statement-event.ts";
import type { ReceivedEvent } from "../../functions/platform/cloudevents/cloudevent-parse.ts";
import { RequestAborted } from "../../functions/platform/http/request-aborted.ts";
import type { EventContext } from "../../functions/platform/server/event-handler.ts";
import type { Answer } from "../../functions/platform/server/answers/http-answer.ts";
import type { Log } from "../../functions/platform/telemetry/log.ts";
import { draw, keyOf } from "./chance.ts";
import type { Faults } from "./faults.ts";
import { SimulatedProcess } from "./simulated-process.ts";
import type { Story } from "./story.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface PodWork<A = Answer> {
  readonly handle: (event: ReceivedEvent, context: EventContext) => Promise<A>;
  /** When no request is left after the signal to stop. */
  readonly close?: () => Promise<void>;
}

export interface PodsOptions<A = Answer> {
  readonly name: string;
  readonly seed: number;
  readonly time: VirtualTime;
  readonly faults: Faults;
  readonly story: Story;
  readonly most: number;
  /** So many are there from the beginning, and an event goes to the first one that is free. */
  readonly standing?: number | undefined;
  readonly eventsAtOnce: number;
  readonly deadlineMs: number;
  /** How far its clock may be off, either way. */
  readonly skewMs: number;
  readonly clockGrainMs: number;
  /** Runs inside of the process. */
  readonly open: (hostname: string, stopping: AbortSignal) => PodWork<A>;
  /** Something of a process was left behind it that had ended in the ordinary way. */
  readonly onLeftBehind: (what: string) => void;
}

interface Pod<A> extends PodWork<A> {
  readonly process: SimulatedProcess;
  readonly requests: Set<AbortController>;
  readonly stopping: AbortController;
}

export interface Pods<A = Answer> {
  /** @param done with undefined when no answer came */
  deliver(event: ReceivedEvent, key: number, done: (answer: A | undefined) => void): void;
  /** Every one of them ends in the ordinary way. */
  stopAll(): void;
}

const COLD_START_MS = 1_500;
const DRAIN_MS = 8_000;
const SWEEP_MS = 6_000;

/** Logs are no part of what is tried. */
export const NO_LOG = {
  child: () => NO_LOG,
  setBindings: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
} as unknown as Log;

export function makePods<A = Answer>(options: PodsOptions<A>): Pods<A> {
  const { name, seed, time, faults, story, most, eventsAtOnce, deadlineMs, open } = options;
  const pods = new Set<Pod<A>>();
  const nameKey = keyOf(name);
  let started = 0;
  let starting = false;
  let deliveries = 0;

  function start(): void {
    const number = ++started;
    const process = new SimulatedProcess(`${name}-${number}`, seed, time);
    process.clockGrainMs = options.clockGrainMs;
    setClock(process);
    const stopping = new AbortController();
    const work = process.run(() => open(process.name, stopping.signal));
    const pod = { ...work, process, stopping, requests: new Set<AbortController>() };
    pods.add(pod);
    story.tell(process.name, "starts");
    process.onDeath.add(() => pods.delete(pod));
    const livesMs = 15_000 + draw(seed, nameKey, number, 60) * 200_000;
    process.deliver(time.now + livesMs, () => {
      if (faults.happens("scaled down", 500, nameKey, number)) stop(pod);
    });
  }

  function setClock(process: SimulatedProcess): void {
    const chance = (salt: number): number => draw(seed, process.key, 61, salt);
    const ahead = (salt: number): number => Math.round((chance(salt) * 2 - 1) * options.skewMs);
    if (faults.happens("clock is off", 200, process.key)) {
      process.clockSteps.push({ from: 0, aheadMs: ahead(1) });
    }
    if (faults.happens("clock jumps", 200, process.key)) {
      process.clockSteps.push({ from: time.now + chance(2) * 60_000, aheadMs: ahead(3) });
    }
  }

  function stop(pod: Pod<A>): void {
    if (!pods.delete(pod)) return;
    const { process, requests, stopping } = pod;
    story.tell(process.name, "is told to stop");
    let isClosing = false;
    const closeWhenIdle = (): void => {
      if (requests.size > 0 || isClosing) return;
      isClosing = true;
      void (pod.close?.() ?? Promise.resolve()).then(() => {
        // A sweep of the scanner goes on for as long, and is cut off without harm.
        process.deliver(time.now + SWEEP_MS, () => {
          const timers = [...process.timers].filter((timer) => timer.isRef).length;
          if (timers > 0) options.onLeftBehind(`${timers} timers`);
          if (process.open > 0) options.onLeftBehind(`${process.open} calls`);
          process.kill();
        });
      });
    };
    process.run(() => stopping.abort());
    idle.set(pod, closeWhenIdle);
    closeWhenIdle();
    process.deliver(time.now + DRAIN_MS, () => {
      for (const request of requests) request.abort(new RequestAborted("shutting_down"));
    });
    time.put(time.now + 3 * DRAIN_MS, () => process.kill());
  }
  const idle = new WeakMap<Pod<A>, () => void>();

  function deliver(event: ReceivedEvent, key: number, done: (answer: A | undefined) => void): void {
    const free = [...pods].filter(({ requests }) => requests.size < eventsAtOnce);
    const drawn = options.standing === undefined ? draw(seed, nameKey, 62, key) : 0;
    const pod = free[Math.floor(drawn * free.length)];
    if (pod) {
      serve(pod, event, done);
      return;
    }
    if (pods.size < most && !starting) {
      starting = true;
      const begin = (): void => {
        starting = false;
        start();
      };
      time.put(time.now + COLD_START_MS, begin, { what: `a start of ${name}` });
    }
    const again = (): void => deliver(event, key, done);
    time.put(time.now + COLD_START_MS + 100, again, { what: `to ${name}`, says: { event, key } });
  }

  function serve(pod: Pod<A>, event: ReceivedEvent, done: (answer: A | undefined) => void): void {
    const { process, requests, handle } = pod;
    const request = new AbortController();
    requests.add(request);
    let isDone = false;
    const end = (answer: A | undefined): void => {
      if (isDone) return;
      isDone = true;
      requests.delete(request);
      process.onDeath.delete(onDeath);
      timer[Symbol.dispose]();
      idle.get(pod)?.();
      done(answer);
    };
    const number = deliveries++;
    const timer = process.run(() =>
      process.setTimer(() => {
        request.abort(new RequestAborted("deadline_exceeded"));
      }, deadlineMs),
    );
    if (faults.happens("sender hangs up on", 60, nameKey, number)) {
      process.deliver(time.now + draw(seed, nameKey, number, 63) * 5_000, () => {
        if (!isDone) request.abort(new RequestAborted("client_disconnected"));
      });
    }
    const onDeath = (): void => end(undefined);
    process.onDeath.add(onDeath);
    const context: EventContext = { signal: request.signal, log: NO_LOG };
    const begin = (): void => {
      handle(event, context).then(end, () => end(undefined));
    };
    // It lies at the socket of a process that is paused.
    if (process.pausedUntil > time.now) process.deliver(process.pausedUntil, begin);
    else process.run(begin);
  }

  for (let number = 0; number < (options.standing ?? 0); number++) start();
  return {
    deliver,
    stopAll() {
      for (const pod of pods) stop(pod);
    },
  };
}

/** As it comes out of the HTTP binding. */
export function received(event: StatementEvent | Partial<ReceivedEvent>): ReceivedEvent {
  const { data: _, ...attributes } = event;
  return { ...event, kind: "event", attributes } as unknown as ReceivedEvent;
}
