/** What intake says of an event that it does not take: problem details (RFC 9457), in its own words. */

export interface Refusal {
  /** `invalid_event` where there are several problems. */
  readonly code: string;
  readonly words: string;
  readonly problems: readonly FieldProblem[];
}

export interface FieldProblem {
  readonly field: string;
  readonly code: string;
  /** What is wrong, what to do, and what is allowed. */
  readonly words: string;
}

/** `undefined` for what is no refusal of intake's: whatever else may answer at an address. */
export function readRefusal(text: string): Refusal | undefined {
  try {
    const { error, detail, problems = [] } = JSON.parse(text) as Details;
    if (typeof error !== "string" || !Array.isArray(problems)) return undefined;
    return { code: error, words: detail ?? error, problems: problems.map(toProblem) };
  } catch {
    return undefined;
  }
}

interface Details {
  readonly error?: string;
  readonly detail?: string;
  readonly problems?: readonly Told[];
}

/** Version 0.1.0 tells field and code alone. */
interface Told {
  readonly field?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly limit?: string;
  readonly allowed?: readonly string[];
}

function toProblem({ field = "event", code = "", detail, limit, allowed }: Told): FieldProblem {
  const words = [
    detail ?? `Intake says ${code}.`,
    ...(limit === undefined ? [] : [`Allowed: ${limit}.`]),
    ...(allowed ? [`Allowed: ${allowed.join(", ")}.`] : []),
  ];
  return { field, code, words: words.join(" ") };
}
