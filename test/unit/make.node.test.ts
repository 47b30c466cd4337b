/** `make` on a machine whose Node is too old, or that has none, says what to install before it tries. */
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const MAKEFILE = join(import.meta.dirname, "../../Makefile");

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "make-node-"));
  await copyFile(MAKEFILE, join(folder, "Makefile"));
  for (const name of ["package.json", "package-lock.json"]) await writeFile(join(folder, name), "");
});
afterEach(() => rm(folder, { recursive: true }));

/** What is said where nothing but these programs and the shell is found. */
async function made(programs: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, script] of Object.entries(programs))
    await writeFile(join(folder, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
  const { stdout } = await run("bash", ["-c", "command -v make"]);
  await symlink(stdout.trim(), join(folder, "make"));
  const options = { cwd: folder, env: { PATH: folder } };
  return await run(join(folder, "make"), ["demo"], options).then(
    () => "made",
    (error: unknown) => (error as { readonly stderr: string }).stderr,
  );
}

test.each([
  ["no Node", {}, "Node 18 or later is needed, with npm, and not there"],
  ["no npm", { node: "echo v18.0.0" }, "Node 18 or later is needed, with npm, and not there"],
  ["Node 16", { node: "echo v16.20.2", npm: "exit 0" }, "is needed, and this is v16.20.2"],
  ["an npm that fails", { node: "echo v18.0.0", npm: "exit 1" }, "npm failed"],
])("%s", async (_, programs, words) => {
  expect(await made(programs)).toContain(words);
});
