#!/usr/bin/env node
/**
 * `statements` of the published package. It is bundled for Node 20 so that whoever has an older Node than
 * the commands need is told so, and is shown the help, instead of a syntax error.
 */
const NEEDED = 24;

const [major = 0] = process.versions.node.split(".").map(Number);
const args = process.argv.slice(2);
const onlyAsks =
  args.length === 0 ||
  args[0] === "help" ||
  args.some((arg) => ["--help", "-h", "--version", "-V"].includes(arg));

if (major >= NEEDED || onlyAsks) {
  await import("../../operator/statements.ts");
} else {
  const found = `this is ${process.version}; only --help and --version answer here`;
  process.stderr.write(`statements: this needs Node ${NEEDED} or later, and ${found}\n`);
  process.exitCode = 2;
}
