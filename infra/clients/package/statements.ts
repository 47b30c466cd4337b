#!/usr/bin/env node
/**
 * `statements` of the published package. It runs on the long-term Node 22, for which it brings along what Node
 * learnt later; on Node 20 it verifies files, and says of the rest what that needs.
 */
import "./later-globals.ts";

/** Of undici, below the Kubernetes client. */
const NEEDED = [22, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const args = process.argv.slice(2);
const onlyAsks =
  args.length === 0 ||
  args.some((arg) => ["--help", "-h", "--version", "-V", "help"].includes(arg));
const onlyReads =
  args.find((arg) => !arg.startsWith("-")) === "verify" && !args.includes("--ledger");

if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]) || onlyAsks || onlyReads) {
  await import("../../operator/statements.ts");
} else {
  const found = `this is ${process.version}; only verify, --help and --version answer here`;
  process.stderr.write(`statements: this needs Node ${NEEDED.join(".")} or later, and ${found}\n`);
  process.exitCode = 2;
}
