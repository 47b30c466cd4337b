/**
 * A mutant is the product with one rule of its protocol taken out: a text of one source file and what
 * stands in its place. It is applied while the file is loaded, so no copy of the tree is made.
 */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import type { Weather } from "../world.ts";

export interface Edit {
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface Mutant extends Edit {
  readonly name: string;
  /** What the product does then. */
  readonly says: string;
  /** What it takes away as well, where another rule covers for the first. */
  readonly and?: Edit;
  /** The kind of world that it takes, where an ordinary one does not do. */
  readonly weather?: Weather;
  /** Why nothing is wrong without this rule. A mutant without this must be found. */
  readonly survives?: string;
}

const FUNCTIONS = new URL("../../../functions/", import.meta.url);

export function editsOf(mutant: Mutant): readonly Edit[] {
  return mutant.and ? [mutant, mutant.and] : [mutant];
}

export function urlOf({ file }: Edit): URL {
  return new URL(file, FUNCTIONS);
}

/** @throws Error when the file is not as the mutant knows it */
export function mutate({ file, find, replace }: Edit, source: string): string {
  const parts = source.split(find);
  if (parts.length !== 2) {
    const times = `${parts.length - 1} times instead of once`;
    throw new Error(`a mutant's text stands ${times} in functions/${file}: ${find}`);
  }
  return parts.join(replace);
}

/** Every module that is loaded from now on has the mutant in it. */
export function loadMutant(mutant: Mutant): void {
  for (const edit of editsOf(mutant)) {
    const url = urlOf(edit).href;
    mutate(edit, readFileSync(urlOf(edit), "utf8"));
    registerHooks({
      load(loaded, context, nextLoad) {
        const result = nextLoad(loaded, context);
        if (loaded !== url) return result;
        const { source } = result;
        const text = typeof source === "string" ? source : new TextDecoder().decode(source);
        return { ...result, source: mutate(edit, text) };
      },
    });
  }
}
