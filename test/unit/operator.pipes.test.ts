/** The operator's tool where nobody takes what it writes. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { REPOSITORY } from "../support/document-blocks.ts";

const run = promisify(execFile);

/** Of the shell's line, in which `$statements` is the tool. */
async function says(line: string): Promise<string> {
  const tool = `"${process.execPath}" infra/operator/statements.ts`;
  const script = `statements() { ${tool} "$@"; }\n${line}`;
  const { stdout } = await run("bash", ["-c", script], { cwd: REPOSITORY });
  return stdout;
}

test.each([
  [
    "what it says is read by nobody: its exit code stays",
    "{ statements list -o typo; echo $? >&3; } 2>&1 | true",
    "2\n",
  ],
  [
    "its result is read by nobody: it has what it wanted",
    "{ statements completion bash; echo $? >&3; } | true",
    "0\n",
  ],
  [
    "what it finds is read by nobody: it looks at all of it, and its exit code tells",
    "{ statements verify package.json package.json; echo $? >&3; } | true",
    "1\n",
  ],
])("%s", async (_, line, code) => {
  expect(await says(`{ ${line}; } 3>&1 >/dev/null`)).toBe(code);
});

test("a full disk is said in a line", async () => {
  expect(await says("statements completion bash 2>&1 >/dev/full; echo $?")).toBe(
    "statements: the result cannot be written: ENOSPC: no space left on device, write\n1\n",
  );
});
