#!/usr/bin/env node
/** `statements`, the operator's tool, as a process: what it is given and how it ends. */
import { runStatements } from "./run.ts";
import { EXIT } from "./words/exit.ts";

const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort(new Error("interrupted")));
process.once("SIGTERM", () => interrupted.abort(new Error("interrupted")));
const result = { isForReader: true, isWritten: true };
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // `statements list | head` closes the pipe early, and has what it wanted.
  if (error.code === "EPIPE" && result.isForReader) process.exit(EXIT.done);
  if (error.code === "EPIPE" || !result.isWritten) return;
  process.stderr.write(`statements: the result cannot be written: ${error.message}\n`);
  if (result.isForReader) process.exit(EXIT.unmet);
  result.isWritten = false;
  process.exitCode ||= EXIT.unmet;
});
// Nobody hears what is said of it: what was begun goes on, and the exit code tells the rest.
process.stderr.on("error", () => undefined);

const code = await runStatements(process.argv.slice(2), process.env, {
  stdout: process.stdout,
  stderr: process.stderr,
  ask: async (question) => {
    if (!process.stdin.isTTY) return undefined;
    const { createInterface } = await import("node:readline/promises");
    using lines = createInterface({ input: process.stdin, output: process.stderr });
    return await lines.question(question, { signal: interrupted.signal });
  },
  goOnUnread: () => (result.isForReader = false),
  signal: interrupted.signal,
});
process.exitCode = code === EXIT.done && !result.isWritten ? EXIT.unmet : code;
