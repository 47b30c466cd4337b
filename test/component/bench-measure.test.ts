import { spawn } from "node:child_process";
import { once } from "node:events";
import { measure } from "../bench/measure.ts";

/** Uses 300 ms of CPU time, however long that takes, and holds 100 MB while it does. */
const BURN =
  "const held = Buffer.alloc(100e6, 1);" +
  "const used = () => { const { user, system } = process.cpuUsage(); return user + system; };" +
  "const before = used(); while (used() - before < 300_000);";

async function burn(): Promise<void> {
  await once(spawn(process.execPath, ["-e", BURN]), "exit");
}

test("processes that begin and end meanwhile are counted, the harness itself is not", async () => {
  const sample = await measure(
    {
      name: "burner",
      servers: () => ({}),
      async run() {
        await burn();
        return { bytes: 5 };
      },
      check: () => Promise.resolve({ rows: 7 }),
    },
    { warmUp: false, number: 1 },
  );
  expect(sample.cpu).toBeGreaterThanOrEqual(0.29);
  // Beside its 300 ms a Node process starts and ends.
  expect(sample.cpu).toBeLessThan(2);
  expect(sample.cpuOf["ended"]).toBe(sample.cpu);
  expect(sample.peakMb).toBeGreaterThan(100);
  expect(sample.figures).toEqual({ bytes: 5, rows: 7 });
});

test("what comes before and after the work, and what others do, is not counted", async () => {
  const sample = await measure(
    {
      name: "idler",
      servers: () => ({}),
      prepare: burn,
      run: () => Promise.resolve({}),
      check: async () => {
        await burn();
        return {};
      },
    },
    { warmUp: false, number: 1 },
  );
  expect(sample.cpu).toBe(0);
});

test("a server that outlives the work is counted for what it does meanwhile", async () => {
  const server = spawn(process.execPath, [
    "-e",
    `process.stdin.on("data", () => { ${BURN} process.stdout.write("done"); })`,
  ]);
  try {
    const sample = await measure(
      {
        name: "server",
        servers: () => ({ server: server.pid ?? 0 }),
        memoryOf: ["server"],
        async run() {
          server.stdin.write("go");
          await once(server.stdout, "data");
          return {};
        },
      },
      { warmUp: false, number: 1 },
    );
    expect(sample.cpuOf["server"]).toBeGreaterThanOrEqual(0.29);
    expect(sample.cpu).toBe(sample.cpuOf["server"]);
    expect(sample.peakMb).toBeGreaterThan(100);
  } finally {
    server.kill();
  }
});
