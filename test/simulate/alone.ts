/** A simulated server by itself, for the cases that a real one must answer alike: nothing goes wrong but what is asked for. */
import { makeCalls, type CallPort } from "./calls.ts";
import { CALL_FAULTS, type Faults } from "./faults.ts";
import { SimulatedProcess } from "./simulated-process.ts";
import { makeStory } from "./story.ts";
import { makeVirtualTime, turnsWhile, type VirtualTime } from "./virtual-time.ts";

export interface Alone {
  readonly seed: number;
  readonly time: VirtualTime;
  readonly faults: Faults;
  readonly call: CallPort;
  /** Goes wrong once, such as "page expired", or "lost request" for the next call. */
  readonly happening: Set<string>;
  /** As a process of the product, until its work is done. */
  readonly run: <T>(work: () => Promise<T>) => Promise<T>;
}

export function alone(): Alone {
  const seed = 1;
  const time = makeVirtualTime();
  const happening = new Set<string>();
  const faults: Faults = {
    ofCall() {
      const fault = CALL_FAULTS.find((one) => happening.delete(one));
      return fault && { fault, again: false, before: 0, pause: 0 };
    },
    happens: (what) => happening.delete(what),
    end: () => happening.clear(),
    taken: happening,
  };
  const story = makeStory(false, () => time.now);
  const call = makeCalls({ seed, time, faults, story, leaseMs: 20_000 });
  const process = new SimulatedProcess("client", seed, time);
  return {
    seed,
    time,
    faults,
    call,
    happening,
    async run(work) {
      const progress = { isDone: false };
      const result = process.run(work).finally(() => (progress.isDone = true));
      result.catch(() => undefined);
      await turnsWhile(time, () => !progress.isDone);
      return await result;
    },
  };
}
