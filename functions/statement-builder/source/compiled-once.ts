/**
 * Queries whose text is the same for every statement: kysely writes each once, and every statement puts
 * its own values in. That is nothing beside a large statement, and a twentieth of one of five hundred rows.
 */
import type { CompiledQuery } from "kysely";

export interface SqlQuery {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/**
 * @param shape what makes one text another: the query's name, and what decides about its clauses
 * @param values of this statement
 * @param compile makes the query with these in the place of the values
 */
type CompileOnce = (
  shape: string,
  values: readonly string[],
  compile: (marks: readonly string[]) => CompiledQuery,
) => SqlQuery;

/** So many texts are kept; another one is made each time. */
const KEPT = 64;

interface Text {
  readonly sql: string;
  /** Of each parameter: the number of its value, or -1 for what is the same in all statements. */
  readonly places: readonly number[];
  readonly parameters: readonly unknown[];
}

export function makeCompileOnce(): CompileOnce {
  const texts = new Map<string, Text>();
  return (shape, values, compile) => {
    let text = texts.get(shape);
    if (!text) {
      text = textOf(compile, values.length);
      if (texts.size < KEPT) texts.set(shape, text);
    }
    const { sql, places, parameters } = text;
    return { sql, parameters: places.map((place, n) => values[place] ?? parameters[n]) };
  };
}

function textOf(compile: (marks: readonly string[]) => CompiledQuery, values: number): Text {
  const marks = Array.from({ length: values }, (_, n) => `value ${n}`);
  const { sql, parameters } = compile(marks);
  return { sql, parameters, places: parameters.map((one) => marks.indexOf(one as string)) };
}
