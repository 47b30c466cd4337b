/** What `make run` says of a process of its own that has ended. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { untilChildEnds } from "../../infra/local/programs/children.ts";

async function endedProcess(): Promise<number> {
  const child = spawn("true");
  await once(child, "exit");
  if (child.pid === undefined) throw new Error("it was not started");
  return child.pid;
}

test("the last lines of its log", async () => {
  const folder = await mkdtemp(join(tmpdir(), "children-"));
  const logFile = join(folder, "one.log");
  await writeFile(logFile, "first\nlast\n");
  const { message } = await untilChildEnds([{ name: "one", pid: await endedProcess(), logFile }]);
  await rm(folder, { recursive: true });
  expect(message).toBe("one ended by itself; its last lines:\n  first\n  last");
});

test("that the disk is full, where there is no room for what it had to say", async () => {
  // Of which the kernel says that it has no room.
  const logFile = "/proc/one.log";
  const { message } = await untilChildEnds([{ name: "one", pid: await endedProcess(), logFile }]);
  expect(message).toContain("the disk of /proc is full. Make room there");
});
