/** What a shell hands on for a variable without a value: to no command of the operator's tool is it a name or a choice. */
import type { Command } from "commander";
import { makeProgram } from "../../infra/operator/run.ts";
import { makeSession } from "../../infra/operator/session/session.ts";
import { makeTool } from "../support/operator/statements-tool.ts";

const { stdout, stderr } = process;
const terminal = { stdout, stderr, signal: new AbortController().signal };
const program = makeProgram(makeSession(terminal, {}), terminal);
const ANY: Readonly<Record<string, string>> = { start: "2025-01-01", end: "2025-01-31" };

const named = ({ registeredArguments }: Command): readonly string[] =>
  registeredArguments.filter(({ required }) => required).map((one) => ANY[one.name()] ?? "a");

const blankArguments = program.commands.flatMap((command) =>
  command.registeredArguments.map((_, place) => {
    const given = command.registeredArguments
      .slice(0, place + 1)
      .map((one) => ANY[one.name()] ?? "a");
    return [command.name(), ...given.with(place, ""), ...named(command).slice(place + 1)];
  }),
);

const takesValue = ({ options }: Command): readonly string[] =>
  options.filter((one) => one.required || one.optional).map(({ long }) => long ?? "");

const blankOptions = [
  ...takesValue(program).map((option) => [option, "", "list"]),
  ...program.commands.flatMap((command) =>
    takesValue(command).map((option) => [command.name(), ...named(command), option, ""]),
  ),
];

test("there are many", () => {
  expect(blankArguments.length).toBeGreaterThan(15);
  expect(blankOptions.length).toBeGreaterThan(40);
});

test.each(
  [...blankArguments, ...blankOptions, ["show", "a", "  "]].map((args) => [args.join(" "), args]),
)("%s is wrong use", async (_, args) => {
  // Whoever asks a cluster first ends with another code.
  const { code, stdout: out, stderr: said } = await makeTool({ KUBECONFIG: "/nowhere" })(...args);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(said).toMatch(
    / is blank: has a variable of the shell no value\?|argument '\s*' is invalid|value '' is invalid/,
  );
});
