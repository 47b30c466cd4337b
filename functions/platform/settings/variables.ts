/** The kinds of environment variables, each with what a problem's line says about it. */
import * as z from "zod";

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a problem's line says about a variable. */
interface Hint {
  readonly expected: string;
  readonly example: string;
}

export function variable<S extends z.ZodType>(schema: S, hint: Hint): S {
  z.globalRegistry.add(schema, { ...hint });
  return schema;
}

interface IntegerRange {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

export function integer({ min, max, default: value }: IntegerRange) {
  return variable(
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number)
      .pipe(z.int().min(min).max(max))
      .default(value),
    { expected: `a whole number from ${min} to ${max}`, example: String(value) },
  );
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T, value: T[number]) {
  return variable(z.enum(values).default(value as never), {
    expected: `one of ${values.join(", ")}`,
    example: value,
  });
}

export function yesOrNo(value: "true" | "false") {
  const words = oneOf(["true", "false"], value).transform((word) => word === "true");
  return variable(words, { expected: "one of true, false", example: value });
}

export function text(hint: Hint) {
  return variable(z.string(), hint);
}

export function url(example: string) {
  return variable(
    z.string().refine((value) => isHttpUrl(value)),
    { expected: "an http or https URL without a user and a password", example },
  );
}

/** As it stands: who parses it would also take spaces, line feeds and a missing `//`, and who compares it would not. */
function isHttpUrl(value: string): boolean {
  const url = /^https?:[/][/][^\s/]\S*$/i.test(value) ? URL.parse(value) : null;
  return url !== null && url.username === "" && url.password === "";
}

/** Values separated by commas. */
export function list() {
  return z
    .string()
    .transform((text) => text.split(",").map((one) => one.trim()))
    .pipe(z.array(z.string().min(1)));
}
