/** How a command ends. The codes are a promise: scripts are written against them. */
export const EXIT = {
  done: 0,
  /** What was asked is not so, or could not be done: not found, not verified, refused, a finding. */
  unmet: 1,
  /** An option, an argument or a variable of the environment is wrong; nothing was tried. */
  usage: 2,
  /** The cluster, the store, the database or intake does not answer, or does not let us in. */
  unavailable: 3,
  /** A defect of this program (EX_SOFTWARE). */
  internal: 70,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_HELP = `Exit codes:
  0    done
  1    not so, or not done: not found, not verified, refused, a finding
  2    wrong use: an option, an argument or a variable; nothing was tried
  3    the cluster, the store, the database or intake does not answer, or does not let you in
  70   a defect of this program
  130  interrupted`;

/** Ends the command with `code`; the lines say what is wrong and what to do. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code: ExitCode;
  readonly lines: readonly string[];

  constructor(code: ExitCode, lines: readonly string[], options?: ErrorOptions) {
    super(lines.join("; "), options);
    this.code = code;
    this.lines = lines;
  }
}

export const unmet = (...lines: readonly string[]): CommandError =>
  new CommandError(EXIT.unmet, lines);
export const wrongUse = (...lines: readonly string[]): CommandError =>
  new CommandError(EXIT.usage, lines);
export const unavailable = (
  line: string,
  options: ErrorOptions & { readonly next?: string } = {},
) => new CommandError(EXIT.unavailable, [line, ...(options.next ? [options.next] : [])], options);
