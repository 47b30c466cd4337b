#!/usr/bin/env node
/** `statements`, the operator's tool, as a process: what it is given and how it ends. */
import { runStatements } from "./run.ts";

const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort(new Error("interrupted")));
process.once("SIGTERM", () => interrupted.abort(new Error("interrupted")));
// `statements list | head` closes the pipe early, and has what it wanted.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

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
