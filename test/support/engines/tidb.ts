/** TiDB, which speaks MySQL's protocol and says so in its version; its storage in the same process. */
import { execFile } from "node:child_process";
import { chmod, cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createConnection } from "mysql2/promise";
import type { DatabaseServer } from "../../../infra/local/cluster/database-server.ts";
import { onceInCache } from "../../../infra/local/programs/cache-folder.ts";
import { findExecutable, pathFolders } from "../../../infra/local/programs/executables.ts";
import { startServer } from "../../../infra/local/programs/server-process.ts";

const run = promisify(execFile);

/** Of 26 November 2025. Its parser is a module of its own, which the server takes from a folder of its own. */
const MODULES = {
  server: "github.com/pingcap/tidb@v1.1.0-beta.0.20251126154744-e4e814fdc0af",
  parser: "github.com/pingcap/tidb/pkg/parser@v0.0.0-20251126154744-e4e814fdc0af",
} as const;

/** Builds it once. @throws Error where there is no Go, or no module proxy. */
export async function tidbServer(): Promise<string> {
  const folder = await onceInCache("tidb-20251126154744", async (making) => {
    process.stderr.write("building TiDB (once, about 30 minutes) …\n");
    const source = join(making, "source");
    await copyModule(MODULES.server, source);
    await copyModule(MODULES.parser, join(source, "pkg/parser"));
    const output = join(making, "tidb-server");
    await go(["build", "-ldflags", "-s -w", "-o", output, "./cmd/tidb-server"], source);
    await rm(source, { recursive: true });
  });
  return join(folder, "tidb-server");
}

async function copyModule(module: string, target: string): Promise<void> {
  const { stdout } = await go(["mod", "download", "-json", module]);
  const { Dir } = JSON.parse(stdout) as { readonly Dir: string };
  await cp(Dir, target, { recursive: true });
  // Modules are kept without the right to write, and so are their copies.
  for (const entry of await readdir(target, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o755);
  }
  await chmod(target, 0o755);
}

async function go(args: readonly string[], cwd?: string) {
  const command = findExecutable([...pathFolders(), "/usr/local/go/bin"], "go");
  if (command === undefined) throw new Error("TiDB is built with Go, and there is none");
  const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-trimpath -buildvcs=false" };
  return await run(command, args, { cwd, env, maxBuffer: Infinity });
}

export async function startTidb(): Promise<DatabaseServer> {
  const command = await tidbServer();
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "tidb-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const server = await startServer(
    (port) => ({
      name: "tidb-server",
      command,
      args: [
        ...["-store", "unistore", "-path", join(folder, "data"), "-host", "127.0.0.1"],
        ...[
          "-P",
          String(port),
          "-socket",
          join(folder, "s.sock"),
          "-temp-dir",
          join(folder, "tmp"),
        ],
        // With the default lease of its schema each table waits most of a minute for the next.
        ...["-report-status=false", "-lease", "1s", "-L", "error"],
      ],
      logFile: join(folder, "tidb.log"),
    }),
    answers,
  );
  opened.defer(() => server.kill());
  const closing = opened.move();
  return Object.assign(server, {
    url: urlOf(server.port),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  });
}

const urlOf = (port: number): string => `mysql://root@127.0.0.1:${port}/`;

async function answers(port: number): Promise<boolean> {
  try {
    await using connection = await createConnection({ uri: urlOf(port), connectTimeout: 5_000 });
    await connection.query("SELECT 1");
    return true;
  } catch {
    return false;
  }
}
