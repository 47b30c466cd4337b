/** Structured logs: one JSON object a line on stdout, as collectors of container logs expect. */
import { pino } from "pino";
import type { ProgramName } from "../../domain/function-names.ts";
import { printable } from "./printable.ts";
import type { LogLevel } from "../settings/variables.ts";

export type Log = pino.Logger;

export interface LogOptions {
  readonly name: ProgramName;
  readonly level: LogLevel;
}

export function makeLog({ name, level }: LogOptions, destination?: pino.DestinationStream): Log {
  return pino(
    {
      level,
      // One process in a container: pid and host name say nothing that the collector does not know.
      base: { function: name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
      // Ids come from outside: in a terminal they are text. JSON's own escapes leave some through.
      hooks: { streamWrite: (line) => `${printable(line.trimEnd())}\n` },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
}

export interface ErrorDescription {
  readonly type: string;
  readonly message?: string | undefined;
  readonly code?: string | undefined;
  readonly stack?: readonly string[] | undefined;
  readonly cause?: ErrorDescription | undefined;
}

const MAX_CAUSES = 5;

/**
 * An error and its causes. Messages of HTTP clients hold bodies and headers, and those of SQL
 * clients hold statements with their values: of such errors only type, code and stack are kept.
 */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error };
  const holdsPayload = ["body", "headers", "sql", "sqlMessage"].some((key) => key in error);
  const code = "code" in error ? error.code : undefined;
  return {
    type: error.name,
    message: holdsPayload ? undefined : error.message,
    code: typeof code === "string" || typeof code === "number" ? String(code) : undefined,
    stack: frames(error.stack),
    cause:
      error.cause === undefined || depth >= MAX_CAUSES
        ? undefined
        : describeError(error.cause, depth + 1),
  };
}

/** The stack without its head, which repeats the message. */
function frames(stack: string | undefined): readonly string[] | undefined {
  return stack
    ?.split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("at "));
}
