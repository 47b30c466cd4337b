/**
 * Puts the simulation's clock in the place of the product's, which all of `functions/` asks for time and
 * chance. A library that asks Node itself while it runs in a simulated process is an error: it would
 * make a run that nobody can repeat.
 */
import { registerHooks } from "node:module";
import * as simulated from "./simulated-clock.ts";
import { SimulatedProcess } from "./simulated-process.ts";

const SHIPPED = new URL("../../functions/platform/clock/clock.ts", import.meta.url).href;
const SIMULATED = new URL("simulated-clock.ts", import.meta.url).href;

// It has all that the shipped one has, or this does not compile.
simulated satisfies typeof import("../../functions/platform/clock/clock.ts");

/** For every module that is loaded from now on. */
export function takeOverClocks(): void {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      return resolved.url === SHIPPED ? { ...resolved, url: SIMULATED } : resolved;
    },
  });
  forbid(Date, "now");
  forbid(performance, "now");
  forbid(Math, "random");
  forbid(AbortSignal, "timeout");
  for (const name of ["setTimeout", "setInterval", "setImmediate"] as const)
    forbid(globalThis, name);
}

function forbid<Of extends object>(owner: Of, name: keyof Of & string): void {
  const real = owner[name] as (...args: unknown[]) => unknown;
  const guarded = (...args: unknown[]): unknown => {
    if (SimulatedProcess.current()) throw new Error(`${name} is no part of the simulated clock`);
    return real.apply(owner, args);
  };
  Object.assign(owner, { [name]: guarded });
}
