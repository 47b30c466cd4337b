/**
 * A mutant is the product with one rule of its protocol taken out: a text of one source file and what
 * stands in its place. It is applied while the file is loaded, so no copy of the tree is made.
 */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import type { Weather } from "../world.ts";

export interface Mutant {
  readonly name: string;
  /** What the product does then. */
  readonly says: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The kind of world that it takes, where an ordinary one does not do. */
  readonly weather?: Weather;
  /** Why nothing is wrong without this rule. A mutant without this must be found. */
  readonly survives?: string;
}

const FUNCTIONS = new URL("../../../functions/", import.meta.url);

export function urlOf({ file }: Mutant): URL {
  return new URL(file, FUNCTIONS);
}

/** @throws Error when the file is not as the mutant knows it */
export function mutate(mutant: Mutant, source: string): string {
  const parts = source.split(mutant.find);
  if (parts.length !== 2) {
    const times = `${parts.length - 1} times instead of once`;
    throw new Error(`mutant ${mutant.name}: its text stands ${times} in functions/${mutant.file}`);
  }
  return parts.join(mutant.replace);
}

/** Every module that is loaded from now on has the mutant in it. */
export function loadMutant(mutant: Mutant): void {
  const url = urlOf(mutant).href;
  mutate(mutant, readFileSync(urlOf(mutant), "utf8"));
  registerHooks({
    load(loaded, context, nextLoad) {
      const result = nextLoad(loaded, context);
      if (loaded !== url) return result;
      const { source } = result;
      const text = typeof source === "string" ? source : new TextDecoder().decode(source);
      return { ...result, source: mutate(mutant, text) };
    },
  });
}
