/** `statements completion`: a script that teaches a shell the commands, their options and the requests' names. */
import { Argument, Command } from "commander";
import type { Session } from "./session.ts";

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

/** Whether its argument is a request. */
function takesRequest(command: Command): boolean {
  const [first] = command.registeredArguments;
  return first?.name() === "name" && !["rejected", "replay"].includes(command.name());
}

const namesOf = (commands: readonly Command[]): string =>
  commands.map((command) => command.name()).join(" ");

/** zsh runs the same through its emulation of bash's completion. */
function bashScript(commands: readonly Command[], shell: "bash" | "zsh"): string {
  const cases = commands.map((command) => {
    const words = `words="${optionsOf(command).join(" ")}"`;
    const requests = takesRequest(command)
      ? `; names="$(statements list -o name 2>/dev/null)"`
      : "";
    return `    ${command.name()}) ${words}${requests} ;;`;
  });
  return [
    ...(shell === "zsh" ? ["autoload -U +X bashcompinit && bashcompinit"] : []),
    "_statements() {",
    '  local current="${COMP_WORDS[COMP_CWORD]}" words names="" word command=""',
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    `    case " ${namesOf(commands)} " in *" $word "*) command="$word"; break ;; esac`,
    "  done",
    '  case "$command" in',
    ...cases,
    `    *) words="${namesOf(commands)} --kubeconfig --namespace --local --help" ;;`,
    "  esac",
    '  COMPREPLY=($(compgen -W "$words $names" -- "$current"))',
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
      return [
        `complete -c statements -n '${none}' -a ${command.name()} -d ${quote(command.description())}`,
        ...optionsOf(command).map((long) => `complete -c statements ${seen} -l ${long.slice(2)}`),
        ...(takesRequest(command)
          ? [`complete -c statements -f ${seen} -a '(statements list -o name 2>/dev/null)'`]
          : []),
      ];
    })
    .join("\n");
}
