/** The Go program of `opponent/`: built once from its pinned modules, and kept warm as the builder is. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { goProgram } from "../../../infra/local/programs/go-program.ts";
import type { Candidate } from "../bench.ts";
import type { Stage } from "../stage.ts";
import { checkedZip } from "./shell.ts";
import { CSV_HEADER, rowsSql } from "./statement-sql.ts";

const SOURCES = join(import.meta.dirname, "../opponent");
const NAME = "bench-opponent";
const FILES = ["go.mod", "go.sum", "main.go", "line.go"] as const;

export interface GoOpponent extends AsyncDisposable {
  readonly pid: number;
  /** Resolves when the zips of all of them are objects: `<key>` in the sink's bucket. */
  make(statements: readonly GoStatement[], concurrency: number): Promise<void>;
}

export interface GoStatement {
  readonly customerId: string;
  readonly key: string;
}

export async function startGoOpponent(stage: Stage): Promise<GoOpponent> {
  const { username, password } = new URL(stage.bank.databaseUrl);
  const child = spawn(await builtOpponent(), {
    env: {
      ...stage.sink.env,
      DSN: `${username}:${password}@tcp(127.0.0.1:${stage.bank.port})/bank?collation=utf8mb4_general_ci`,
      HEADER: CSV_HEADER,
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const lines = createInterface(child.stdout);
  await answer(child, lines, "ready");
  return {
    pid: child.pid ?? 0,
    async make(statements, concurrency) {
      const task = {
        statements: statements.map(({ customerId, key }) => ({ sql: rowsSql(customerId), key })),
        concurrency,
      };
      const made = answer(child, lines, "made");
      child.stdin.write(`${JSON.stringify(task)}\n`);
      await made;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}

/** Of the modules it is made of, for the results. */
export function opponentVersions(): Readonly<Record<string, string>> {
  const text = readFileSync(join(SOURCES, "go.mod"), "utf8");
  const [direct = ""] = /^require \(.*?^\)/ms.exec(text) ?? [];
  return Object.fromEntries(
    [...direct.matchAll(/^\t(\S+) (v\S+)/gm)].map(([, name = "", version = ""]) => [name, version]),
  );
}

async function builtOpponent(): Promise<string> {
  const hash = createHash("sha256");
  for (const name of FILES) hash.update(await readFile(join(SOURCES, name)));
  return await goProgram({
    name: NAME,
    version: hash.digest("hex").slice(0, 12),
    takes: "a minute",
    cwd: SOURCES,
    build: (folder) => ["build", "-ldflags", "-s -w", "-o", join(folder, NAME), "."],
  });
}

async function answer(
  child: ChildProcessByStdio<Writable, Readable, null>,
  lines: Interface,
  expected: string,
): Promise<void> {
  const ended = once(child, "exit").then(() => {
    throw new Error("the Go opponent has ended");
  });
  ended.catch(() => undefined);
  const [line] = (await Promise.race([once(lines, "line"), ended])) as [string];
  if (line !== expected) throw new Error(`the Go opponent said ${line}`);
}

/** One large statement. */
export function goCandidate(
  stage: Stage,
  opponent: GoOpponent,
  { customerId, sha256 }: { readonly customerId: string; readonly sha256: string },
): Candidate {
  const key = `go-${customerId}.zip`;
  return {
    name: "go",
    servers: () => ({ go: opponent.pid, mariadbd: stage.bank.pid, sink: stage.sink.process.pid }),
    memoryOf: ["go"],
    ...checkedZip(stage, key, sha256),
    async run() {
      await opponent.make([{ customerId, key }], 1);
      return {};
    },
  };
}
