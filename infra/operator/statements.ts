#!/usr/bin/env node
/** `statements`, the operator's tool, as a process: what it is given and how it ends. */
import { runStatements } from "./run.ts";
import { EXIT } from "./words/exit.ts";

const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort(new Error("interrupted")));
process.once("SIGTERM", () => interrupted.abort(new Error("interrupted")));
// `statements list | head` closes the pipe early, and has what it wanted.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.done);
  process.stderr.write(`statements: the result cannot be written: ${error.message}\n`);
  process.exit(EXIT.unmet);
});
// Nobody hears what is said of it: what was begun goes on, and the exit code tells the rest.
process.stderr.on("error", () => undefined);

process.exitCode = await runStatements(process.argv.slice(2), process.env, {
  stdout: process.stdout,
  stderr: process.stderr,
  ask: async (question) => {
    if (!process.stdin.isTTY) return undefined;
    const { createInterface } = await import("node:readline/promises");
    using lines = createInterface({ input: process.stdin, output: process.stderr });
    return await lines.question(question, { signal: interrupted.signal });
  },
  signal: interrupted.signal,
});
