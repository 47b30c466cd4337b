/** A refusal as RFC 9457 has it, with the codes that programs go by. */
import * as z from "zod";
import type { Problem } from "../../cloudevents/cloudevent-attributes.ts";
import { wordsOfProblem } from "./problem-words.ts";

export interface IndexedProblem extends Problem {
  /** Position in the batch; 0 for a single event. */
  readonly index: number;
}

/** An event of a batch that is recorded although others are refused. */
const recordedEntry = z.object({
  index: z.int().min(0).meta({ description: "Position in the batch." }),
  request_id: z.string().meta({ description: "Name of its record." }),
});
export type RecordedEntry = z.output<typeof recordedEntry>;

/** Of a batch, every event of which is recorded. */
export const batchAnswer = z.object({ recorded: z.array(recordedEntry) });

export const problemDetails = z.object({
  type: z.string().meta({ description: "Names the code.", format: "uri" }),
  title: z.string().meta({ description: "What `error` means." }),
  status: z.int(),
  detail: z.string().meta({ description: "In a sentence, what is wrong and what to do." }),
  error: z.string().meta({
    description: "The code of all problems, or `invalid_event` where they have several.",
  }),
  limit: z.string().optional().meta({ description: "What is allowed." }),
  problems: z
    .array(
      z.object({
        index: z.int().min(0).meta({ description: "Position in the batch; 0 for one event." }),
        field: z.string(),
        code: z.string(),
        detail: z.string(),
        limit: z.string().optional(),
        allowed: z.array(z.string()).optional(),
      }),
    )
    .meta({ description: "All that is wrong, as far as it fits." }),
  recorded: z.array(recordedEntry).optional(),
});
type Details = z.output<typeof problemDetails>;

export const PROBLEM_JSON = "application/problem+json";

/** More than a person reads; a sender that fixes these learns of the rest. */
const MAX_BYTES = 65_536;
/** In the sentence; all are in the list. */
const MAX_NAMED = 10;
/** A Broker copies a refusal into a header of the dead letter: short ones arrive with every release of it. */
const MAX_BROKER_BYTES = 512;

export interface Refused {
  readonly status: number;
  readonly error: string;
  readonly problems?: readonly IndexedProblem[];
  readonly limit?: string | undefined;
  readonly recorded?: readonly RecordedEntry[] | undefined;
}

/** As long as it may be; what is recorded is always in it. */
export function detailsText({ status, error, problems = [], limit, recorded }: Refused): string {
  const [first] = problems;
  const title = wordsOfProblem(error);
  const fields = new Set(problems.slice(0, MAX_NAMED).map(({ field }) => `\`${field}\``));
  const several = `${problems.length} problems: ${[...fields].join(", ")}${problems.length > MAX_NAMED ? " …" : ""}.`;
  const one = first ? `\`${first.field}\`: ${wordsOf(first)}` : title;
  const whole = problems.length > 1 ? several : one;
  const details: Details = {
    type: `https://transactions-collector.io/problems/${error}`,
    title,
    status,
    detail: `${whole}${limit === undefined ? "" : ` Allowed: ${limit}.`}`,
    error,
    ...(limit !== undefined && { limit }),
    problems: [],
    ...(recorded && recorded.length > 0 && { recorded: [...recorded] }),
  };
  const told = (problem: IndexedProblem): Details["problems"][number] => {
    const { index, field, code, limit: most, allowed } = problem;
    return {
      index,
      field,
      code,
      detail: wordsOfProblem(code, field),
      ...(most !== undefined && { limit: most }),
      ...(allowed && { allowed: [...allowed] }),
    };
  };
  const room = MAX_BYTES - Buffer.byteLength(JSON.stringify({ ...details, recorded: undefined }));
  return JSON.stringify({ ...details, problems: fitting(problems, told, room) });
}

function wordsOf({ code, field, limit, allowed }: Problem): string {
  const words = [
    wordsOfProblem(code, field),
    ...(limit === undefined ? [] : [`Allowed: ${limit}.`]),
    ...(allowed ? [`Allowed: ${allowed.join(", ")}.`] : []),
  ];
  return words.join(" ");
}

/** The codes alone, for a Broker. */
export function briefText(text: string): string {
  const { error, problems } = JSON.parse(text) as Details;
  const room = MAX_BROKER_BYTES - Buffer.byteLength(JSON.stringify({ error, problems: [] }));
  const codesOf = ({ index, field, code }: IndexedProblem) => ({ index, field, code });
  return JSON.stringify({ error, problems: fitting(problems, codesOf, room) });
}

/** As many of them as there is room for. */
function fitting<T>(
  problems: readonly IndexedProblem[],
  toldOf: (problem: IndexedProblem) => T,
  room: number,
): T[] {
  let bytes = 0;
  const told: T[] = [];
  for (const problem of problems) {
    const one = toldOf(problem);
    bytes += Buffer.byteLength(JSON.stringify(one)) + 1;
    if (bytes > room) break;
    told.push(one);
  }
  return told;
}
