/** One call of `statements`, from its arguments to its exit code. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { LedgerUnavailable } from "../../functions/platform/ledger/ledger-unavailable.ts";
import { RetryableError } from "../../functions/domain/failure.ts";
import { announceCommand } from "./act/announce.ts";
import { cancelCommand } from "./act/cancel.ts";
import { completionCommand } from "./completion.ts";
import { doctorCommand } from "./doctor/doctor.ts";
import { downloadCommand } from "./files/download.ts";
import { CommandError, EXIT, EXIT_CODES_HELP, wrongUse, type ExitCode } from "./words/exit.ts";
import { eventsCommand } from "./look/events.ts";
import { explainCommand } from "./look/explain.ts";
import { linkCommand } from "./act/link.ts";
import { listCommand } from "./look/list.ts";
import { logsCommand } from "./look/logs.ts";
import { pruneCommand } from "./look/prune.ts";
import { rejectedCommand } from "./look/rejected.ts";
import { replayCommand } from "./act/replay.ts";
import { requestCommand } from "./act/request.ts";
import { retryCommand } from "./act/retry.ts";
import { makeSession, type Session } from "./session/session.ts";
import type { Environment } from "./session/settings.ts";
import { showCommand } from "./look/show.ts";
import { printableLines, type Terminal } from "./words/terminal.ts";
import { statsCommand } from "./look/stats.ts";
import { uiCommand } from "./look/ui.ts";
import { verifyCommand } from "./files/verify.ts";
import { watchCommand } from "./look/watch.ts";

export async function runStatements(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<ExitCode> {
  using session = makeSession(terminal, env);
  try {
    await makeProgram(session, terminal).parseAsync([...args], { from: "user" });
    return session.exitCode;
  } catch (error) {
    // Commander has written its own message, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    session.screen.progress("");
    if (terminal.signal.aborted) return EXIT.interrupted;
    const { code, lines } = describeFailure(error);
    for (const [i, line] of lines.entries())
      session.screen.note(i > 0 ? line : `statements: ${line}`);
    return code;
  }
}

export function makeProgram(session: Session, { stdout, stderr, goOnUnread }: Terminal): Command {
  const program = new Command("statements")
    .description("Looks after the statement requests of an installation.")
    .version(version())
    .option(
      "--kubeconfig <file>",
      "of the cluster with the ledger (default: KUBECONFIG, ~/.kube/config)",
    )
    .option(
      "-n, --namespace <name>",
      "of the ledger (default: LEDGER_NAMESPACE, transaction-requests)",
    )
    .option("--local", "the installation of `make run` on this machine")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(printableLines(text)),
      // It quotes arguments, which may be names that somebody else made.
      writeErr: (text) => void stderr.write(printableLines(text)),
      getOutHasColors: () => stdout.isTTY === true,
      getErrHasColors: () => stderr.isTTY === true,
      ...(stdout.isTTY ? {} : { getOutHelpWidth: () => 100 }),
    })
    .showHelpAfterError("(--help shows how it is used)")
    .hook("preAction", (_, action) => {
      refuseBlanks(program, action);
      session.useOptions(program.opts());
      if (!onlyShows(action.name(), action.args)) goOnUnread?.();
    });
  program.addHelpText("after", `\n${ENVIRONMENT_HELP}\n\n${EXIT_CODES_HELP}`);
  const commands = [
    requestCommand,
    listCommand,
    showCommand,
    explainCommand,
    eventsCommand,
    logsCommand,
    statsCommand,
    watchCommand,
    uiCommand,
    retryCommand,
    cancelCommand,
    announceCommand,
    downloadCommand,
    linkCommand,
    verifyCommand,
    rejectedCommand,
    replayCommand,
    pruneCommand,
    doctorCommand,
    completionCommand,
  ];
  for (const make of commands) program.addCommand(make(session).copyInheritedSettings(program));
  return program;
}

/** What a shell makes of a variable without a value is no name and no choice. @throws CommandError */
function refuseBlanks(program: Command, action: Command): void {
  const { args, registeredArguments } = action;
  // All behind the last argument are its own, as it takes several.
  const argument =
    registeredArguments[Math.min(args.findIndex(isBlank), registeredArguments.length - 1)];
  const blank = [program, action].flatMap((command) =>
    command.options.filter((option) => isBlank(command.getOptionValue(option.attributeName()))),
  );
  const [what = argument && `<${argument.name()}>`] = blank.map(({ long }) => long);
  if (what !== undefined) throw wrongUse(`${what} is blank: has a variable of the shell no value?`);
}

const isBlank = (value: unknown): boolean => typeof value === "string" && value.trim() === "";

const SHOW = [
  ...["list", "show", "explain", "events", "logs", "stats", "watch", "rejected", "prune"],
  "completion",
];

/** Who stops to read has what he wanted. Of every other command the exit code says more: what was done, or found. */
function onlyShows(command: string, args: readonly string[]): boolean {
  return SHOW.includes(command) && !(command === "watch" && args.length > 0);
}

/** The published package has its files at the same places as the repository. */
function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

const ENVIRONMENT_HELP = `Environment, named as for the functions:
  KUBECONFIG, LEDGER_NAMESPACE                     the ledger
  S3_ENDPOINT, S3_FORCE_PATH_STYLE, AWS_*          the store, for download, link, ui and doctor
  INTAKE_URL, INTAKE_HOST, INTAKE_TOKEN            intake, for request, replay and ui --write
  DATABASE_URL, S3_BUCKET                          for doctor
  STATEMENT_VIEW and the like of the database      for doctor, else what the builder is told
  LEASE_SECONDS, CLOCK_SKEW_SECONDS, MAX_FAILURES  for explain and ui, else what the builder is told
  RETENTION_DAYS                                   for prune and doctor, else what the scanner is told`;

interface Failure {
  readonly code: ExitCode;
  readonly lines: readonly string[];
}

function describeFailure(error: unknown): Failure {
  if (error instanceof CommandError) return { code: error.code, lines: error.lines };
  if (error instanceof LedgerUnavailable || error instanceof RetryableError) {
    const next = "`statements doctor` looks for the reason";
    return { code: EXIT.unavailable, lines: [error.message, next] };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const lines = `this is a defect of the tool: ${message}`.split("\n");
  return { code: EXIT.internal, lines };
}
