/** A Node older than ours, as users have one: what is at hand, or ours in its place. */
import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface OlderNode extends AsyncDisposable {
  /** To be put first in PATH. */
  readonly folder: string;
  /** As `process.version` shows it. */
  readonly version: string;
}

/**
 * The first Node 20 to 23 of PATH. A machine that has none gets a stand-in, and the test's output says so: this Node,
 * with that version's name and without the globals that came later.
 */
export async function olderNode(): Promise<OlderNode> {
  for (const folder of new Set((process.env["PATH"] ?? "").split(delimiter))) {
    const version = await versionOf(join(folder, "node"));
    if (/^v2[0-3]\./.test(version)) {
      return { folder, version, [Symbol.asyncDispose]: () => Promise.resolve() };
    }
  }
  console.warn("no Node 20 to 23 in PATH: ours stands in for it, without what it had not");
  return await standInFor("v20.19.0");
}

async function versionOf(command: string): Promise<string> {
  const found = await run(command, ["--version"]).catch(() => ({ stdout: "" }));
  return found.stdout.trim();
}

/** This Node with the name of that version, and without the globals that came after Node 22. */
export async function standInFor(version: string): Promise<OlderNode> {
  const folder = await mkdtemp(join(tmpdir(), "older-node-"));
  const preload = join(folder, "older.mjs");
  await writeFile(
    preload,
    `Object.defineProperty(process, "version", { value: "${version}" });
     Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version.slice(1)}" } });
     for (const name of ["DisposableStack", "AsyncDisposableStack", "SuppressedError", "Iterator", "WebSocket"])
       delete globalThis[name];
     for (const [owner, name] of [[Promise, "withResolvers"], [Promise, "try"], [URL, "parse"]]) delete owner[name];`,
  );
  const node = join(folder, "node");
  await writeFile(node, `#!/bin/sh\nexec "${process.execPath}" --import "${preload}" "$@"\n`);
  await chmod(node, 0o755);
  return {
    folder,
    version,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
