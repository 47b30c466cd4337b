/** `make demo` with a MySQL and a store of one's own, in the README's words: by environment variables alone. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startStore } from "../support/engines/chosen-engine.ts";
import { startMySql } from "../support/engines/mysql-server.ts";
import { ownServers, startLocalRun } from "../support/operator/local-run.ts";

test("runs on MySQL and this store", async () => {
  const outDir = await mkdtemp(join(tmpdir(), "demo-"));
  try {
    await using database = await startMySql();
    await using store = await startStore();
    await using demo = startLocalRun("demo", outDir, ownServers(database, store));
    const status = await demo.ended;
    expect(demo.output()).toContain("4 accounts: the manifest's totals are what SQL sums up");
    expect(demo.output()).toContain("your bucket statements");
    expect(status).toBe(0);
  } finally {
    await rm(outDir, { recursive: true, force: true });
  }
}, 300_000);
