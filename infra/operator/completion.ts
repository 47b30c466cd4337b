/** `statements completion`: a script that teaches a shell the commands, their options and the requests' names. */
import { Argument, Command, type Option } from "commander";
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
Names of requests are completed too, from the ledger of KUBECONFIG, or of the options in front of the command.
It completes the word \`statements\`; where that is npx's, have a function of that name first:
statements() { npx statements "$@"; }

Examples:
  source <(statements completion bash)
  source <(statements completion zsh)
  statements completion fish > ~/.config/fish/completions/statements.fish`,
    )
    .action((shell: Shell) => {
      const program = command.parent ?? command;
      const script = shell === "fish" ? fishScript(program) : bashScript(program, shell);
      session.screen.printDocument(script);
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

/** Values of an option: those that commander knows, and the states. */
function valuesOf({ long, argChoices = [] }: Pick<Option, "long" | "argChoices">) {
  return long === "--state" ? STATES : argChoices;
}

const STATES = [...REQUEST_STATES];

const namesOf = (commands: readonly Command[]): string =>
  commands.flatMap((command) => [command.name(), ...command.aliases()]).join(" ");

/** zsh runs the same through its emulation of bash's completion. */
function bashScript(program: Command, shell: "bash" | "zsh"): string {
  const { commands } = program;
  const cases = commands.map((command) => {
    const requests = requestsFor(command);
    const names = [command.name(), ...command.aliases()].join("|");
    const values = command.options.flatMap((option) => {
      const list = valuesOf(option).join(" ");
      const flags = [option.short, option.long].filter((one) => one !== undefined).join("|");
      return list === "" ? [] : [`${flags}) words="${list}"; requests=""; options="" ;;`];
    });
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
    `    *) words="${namesOf(commands)}" options="${optionsOf(program).join(" ")}" ;;`,
    "  esac",
    '  case "$current" in -*) words="$words $options" ;; esac',
    '  if [ -n "$requests" ]; then words="$words $("${of[@]}" $requests 2>/dev/null)"; fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    "}",
    // Without a match, files: for `verify` and `--directory`.
    "complete -o default -F _statements statements",
  ].join("\n");
}

const quote = (text: string): string => `'${text.replaceAll(/['\\]/g, "\\$&")}'`;

/** One option, with its values where they are known; files are offered for no other than a file. */
function fishOption(option: Option): string {
  const { short, long } = option;
  const values = valuesOf(option).map((one) => (/^\w/.test(one) ? one : `"${one}"`));
  const isPath = /[<[](file|folder)[\]>]/.test(option.flags);
  return [
    ...(short ? [`-s ${short.slice(1)}`] : []),
    ...(long ? [`-l ${long.slice(2)}`] : []),
    ...(option.required ? [isPath ? "-r" : "-x"] : []),
    ...(values.length > 0 ? [`-a ${quote(values.join(" "))}`] : []),
    ...(option.description ? [`-d ${quote(option.description)}`] : []),
  ].join(" ");
}

function fishScript({ commands, options }: Command): string {
  const all = namesOf(commands);
  const first = "-n __statements_is_first";
  const help = "-s h -l help";
  return [
    "function __statements_is_first",
    `  not __fish_seen_subcommand_from ${all}`,
    "end",
    // The same cluster and namespace are asked for names as the command itself will ask.
    "function __statements_names",
    "  set -l of",
    "  for word in (commandline -opc)",
    `    contains -- $word ${all}; and break`,
    "    set -a of $word",
    "  end",
    "  $of $argv 2>/dev/null",
    "end",
    ...options.map((option) => `complete -c statements ${first} ${fishOption(option)}`),
    `complete -c statements ${first} ${help}`,
    ...commands.flatMap((command) => {
      const names = namesOf([command]);
      const seen = `-n ${quote(`__fish_seen_subcommand_from ${names}`)}`;
      const requests = requestsFor(command);
      return [
        `complete -c statements ${first} -f -a ${quote(names)} -d ${quote(command.description())}`,
        ...command.options.map((option) => `complete -c statements ${seen} ${fishOption(option)}`),
        `complete -c statements ${seen} ${help}`,
        ...(requests === undefined
          ? []
          : [`complete -c statements ${seen} -f -a '(__statements_names ${requests})'`]),
      ];
    }),
  ].join("\n");
}
