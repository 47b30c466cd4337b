#!/usr/bin/env node
/**
 * `statements` of the published package. It runs on the long-term Node 22, for which it brings along what Node
 * learnt later; on Node 20 it verifies files, and says of the rest, and of an older Node, what that needs.
 */
import "./later-globals.ts";

/** Of undici, below the Kubernetes client. */
const NEEDED = [22, 19] as const;
/** For what needs no Kubernetes. */
const NEEDED_AT_ALL = [20, 16] as const;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const args = process.argv.slice(2);
const onlyAsks =
  args.length === 0 ||
  args.some((arg) => ["--help", "-h", "--version", "-V", "help"].includes(arg));
const onlyReads =
  args.find((arg) => !arg.startsWith("-")) === "verify" && !args.includes("--ledger");

if (isAtLeast(NEEDED) || (isAtLeast(NEEDED_AT_ALL) && (onlyAsks || onlyReads))) {
  await import("../../operator/statements.ts");
} else {
  const verifies = isAtLeast(NEEDED_AT_ALL)
    ? "only verify, --help and --version answer here"
    : `verify needs ${NEEDED_AT_ALL.join(".")}`;
  const found = `this is ${process.version}; ${verifies}`;
  process.stderr.write(`statements: this needs Node ${NEEDED.join(".")} or later, and ${found}\n`);
  process.exitCode = 2;
}

function isAtLeast([needed, least]: readonly [number, number]): boolean {
  return major > needed || (major === needed && minor >= least);
}
