/**
 * How much work something is, in steps that no other load of the machine changes: how often each block of
 * code ran (V8 counts precisely), and how many characters or elements the built-in functions went over that
 * such a block calls once.
 */
import { Session } from "node:inspector";

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** What a call goes over, from its receiver, its arguments and its result. */
type Measure = (self: unknown, args: readonly unknown[], result: unknown) => number;

const lengthOf = (value: unknown): number =>
  typeof value === "string" || Array.isArray(value) || ArrayBuffer.isView(value)
    ? ((value as { readonly length?: number }).length ?? 0)
    : 0;
const ofSelf: Measure = (self) => lengthOf(self);
const ofResult: Measure = (_self, _args, result) => lengthOf(result);
const ofArgument: Measure = (_self, [first]) => lengthOf(first);
/** As far as it had to look. */
const ofSearch: Measure = (self, [, from], found) => {
  const end = typeof found === "number" && found >= 0 ? found : lengthOf(self);
  return Math.max(0, end - (typeof from === "number" ? from : 0));
};
/** Digits become a number by long multiplication. */
const ofDigits: Measure = (_self, [text]) => lengthOf(text) ** 2 / 64;

const MEASURES: readonly (readonly [object, Readonly<Record<string, Measure>>])[] = [
  [
    String.prototype,
    {
      indexOf: ofSearch,
      includes: ofSelf,
      lastIndexOf: ofSelf,
      slice: ofResult,
      substring: ofResult,
      split: ofSelf,
      replace: ofSelf,
      replaceAll: ofSelf,
      trim: ofSelf,
      trimEnd: ofSelf,
      padEnd: ofResult,
      padStart: ofResult,
      repeat: ofResult,
      normalize: ofSelf,
    },
  ],
  [RegExp.prototype, { exec: ofArgument }],
  [
    Array.prototype,
    {
      includes: ofSelf,
      indexOf: ofSearch,
      join: ofSelf,
      slice: ofResult,
      concat: ofResult,
      shift: ofSelf,
      toSorted: ofSelf,
      sort: ofSelf,
    },
  ],
  // Of all typed arrays.
  [
    Object.getPrototypeOf(Uint8Array.prototype) as object,
    { set: ofArgument, indexOf: ofSearch, slice: ofResult },
  ],
  [JSON, { parse: ofArgument, stringify: ofResult }],
  [TextDecoder.prototype, { decode: ofArgument }],
  [TextEncoder.prototype, { encode: ofArgument }],
  [globalThis, { BigInt: ofDigits }],
];

/** Steps of `run`, which must not be run beside anything else. */
export async function workOf(run: () => Promise<unknown>): Promise<number> {
  const session = new Session();
  session.connect();
  let touched = 0;
  const restore = MEASURES.flatMap(([owner, measures]) =>
    Object.entries(measures).map(([name, measure]) =>
      measured(owner, name, (...call) => void (touched += measure(...call))),
    ),
  );
  try {
    session.post("Profiler.enable");
    session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    await run();
    let blocks = 0;
    session.post("Profiler.takePreciseCoverage", (error, coverage) => {
      if (error) throw error;
      const functions = coverage.result
        .filter(({ url }) => /\/(functions|zod)\//.test(url))
        .flatMap((script) => script.functions);
      for (const { ranges } of functions) for (const { count } of ranges) blocks += count;
    });
    return blocks + touched;
  } finally {
    session.post("Profiler.stopPreciseCoverage");
    session.disconnect();
    for (const undo of restore) undo();
  }
}

function measured(
  owner: object,
  name: string,
  count: (...call: Parameters<Measure>) => void,
): () => void {
  const original = Reflect.getOwnPropertyDescriptor(owner, name);
  if (typeof original?.value !== "function") throw new Error(`there is no ${name}`);
  const method = original.value as Method;
  let isInside = false;
  function counting(this: unknown, ...args: unknown[]): unknown {
    const result = Reflect.apply(method, this, args);
    // What a built-in function calls itself is its own.
    if (!isInside) {
      isInside = true;
      count(this, args, result);
      isInside = false;
    }
    return result;
  }
  Object.defineProperty(owner, name, { ...original, value: counting });
  return () => Object.defineProperty(owner, name, original);
}
