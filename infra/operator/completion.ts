/** `statements completion`: a script that teaches a shell the commands, their options and the requests' names. */
import { Argument, Command } from "commander";
import { REQUEST_STATES } from "../../functions/domain/statement-request.ts";
import type { Session } from "./session/session.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

export function completionCommand(session: Session): Command {
  const command = new Command("completion");
  return command
    .description("Prints a completion script for a shell.")
    .addArgument(new Argument("<shell>", "to complete in").choices(SHELLS))
    .addHelpText(
      "after",
      `
Names of requests are completed too, from the ledger of KUBECONFIG.

Examples:
  source <(statements completion bash)
  source <(statements completion zsh)
  statements completion fish > ~/.config/fish/completions/statements.fish`,
    )
    .action((shell: Shell) => {
      const all = command.parent?.commands ?? [];
      session.screen.printDocument(shell === "fish" ? fishScript(all) : bashScript(all, shell));
    });
}

const optionsOf = ({ options }: Command): readonly string[] =>
  options.flatMap(({ long }) => (long ? [long] : [])).concat("--help");

/** What the argument of a command can be: `list` is asked for these; undefined where it is no request. */
function requestsFor(command: Command): string | undefined {
  const [first] = command.registeredArguments;
  if (first?.name() !== "name") return undefined;
  switch (command.name()) {
    case "rejected":
    case "replay":
      return undefined;
    case "retry":
      return "list -o name --state failed";
    case "cancel":
      return "list -o name --state pending,processing";
    case "download":
    case "link":
      return "list -o name --state executed";
    case "announce":
      return "list -o name --state executed,failed,cancelled";
    default:
      return "list -o name";
  }
}

/** Values of options: those that commander knows, and the states. */
function valuesOf(command: Command): readonly (readonly [names: string, values: string])[] {
  return command.options.flatMap((option) => {
    const names = [option.short, option.long].filter((one) => one !== undefined).join("|");
    const values = option.long === "--state" ? STATES : (option.argChoices ?? []);
    return values.length > 0 ? [[names, values.join(" ")] as const] : [];
  });
}

const STATES = [...REQUEST_STATES];

const namesOf = (commands: readonly Command[]): string =>
  commands.flatMap((command) => [command.name(), ...command.aliases()]).join(" ");

/** zsh runs the same through its emulation of bash's completion. */
function bashScript(commands: readonly Command[], shell: "bash" | "zsh"): string {
  const cases = commands.map((command) => {
    const requests = requestsFor(command);
    const names = [command.name(), ...command.aliases()].join("|");
    const values = valuesOf(command).map(
      ([options, list]) => `${options}) words="${list}"; requests=""; options="" ;;`,
    );
    return [
      `    ${names})`,
      `      options="${optionsOf(command).join(" ")}" requests="${requests ?? ""}"`,
      ...(values.length > 0 ? [`      case "$previous" in ${values.join(" ")} esac`] : []),
      "      ;;",
    ].join("\n");
  });
  return [
    ...(shell === "zsh" ? ["autoload -U +X bashcompinit && bashcompinit"] : []),
    "_statements() {",
    '  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"',
    '  local words="" options="" requests="" word command="" i',
    // The same cluster and namespace are asked for names as the command itself will ask.
    '  local -a of=("${COMP_WORDS[0]}")',
    "  for ((i = 1; i < COMP_CWORD; i++)); do",
    '    word="${COMP_WORDS[i]}"',
    `    case " ${namesOf(commands)} " in *" $word "*) command="$word"; break ;; esac`,
    '    of+=("$word")',
    "  done",
    '  case "$command" in',
    ...cases,
    `    *) words="${namesOf(commands)} --kubeconfig --namespace --local --help" ;;`,
    "  esac",
    '  case "$current" in -*) words="$words $options" ;; esac',
    '  if [ -n "$requests" ]; then words="$words $("${of[@]}" $requests 2>/dev/null)"; fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    "}",
    // Without a match, files: for `verify` and `--directory`.
    "complete -o default -F _statements statements",
  ].join("\n");
}

function fishScript(commands: readonly Command[]): string {
  const quote = (text: string): string => `'${text.replaceAll("'", "\\'")}'`;
  const none = `not __fish_seen_subcommand_from ${namesOf(commands)}`;
  return commands
    .flatMap((command) => {
      const seen = `-n '__fish_seen_subcommand_from ${command.name()}'`;
      const requests = requestsFor(command);
      return [
        `complete -c statements -n '${none}' -a ${command.name()} -d ${quote(command.description())}`,
        ...optionsOf(command).map((long) => `complete -c statements ${seen} -l ${long.slice(2)}`),
        ...(requests === undefined
          ? []
          : [`complete -c statements -f ${seen} -a '(statements ${requests} 2>/dev/null)'`]),
      ];
    })
    .join("\n");
}
