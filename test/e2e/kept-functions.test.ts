/** Functions kept as `keep-statements.ts` keeps them run as those that are shipped. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../infra/local/programs/free-port.ts";
import { unpackFunctions } from "../support/kept/kept-versions.ts";
import { offerTo, offerUntilEnded } from "../support/bank/large-statement.ts";
import { startPipeline, type Pipeline } from "../support/functions/pipeline.ts";
import { auditStatements } from "../support/functions/statement-audit.ts";

const run = promisify(execFile);
const KEEP = new URL("../support/kept/keep-functions.ts", import.meta.url).pathname;

let folder: string;
let pipeline: Pipeline;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keep-functions-"));
  await run(process.execPath, [KEEP, join(folder, "kept")]);
  await unpackFunctions(join(folder, "kept"), folder);
  pipeline = await startPipeline();
}, 120_000);
afterAll(async () => {
  await pipeline[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

test("they record a request, die where they are told to, and end it", async () => {
  const entry = (name: string): string => join(folder, `${name}.mjs`);
  const env = { WAKEUPS_PER_CUSTOMER: "0" };
  await pipeline.start("request-intake", { env, entry: entry("request-intake") });
  const builder = entry("statement-builder");
  const asked = {
    customer_id: "customer-000001",
    start_date: "2024-01-01",
    end_date: "2025-12-31",
  };
  const name = await pipeline.request(asked);
  const doomed = await pipeline.start("statement-builder", {
    entry: builder,
    env: { KILL_AT: "published" },
    port: await freePort(),
  });
  await offerTo(doomed.url, pipeline, name);
  expect(await doomed.ended).toBe("SIGKILL");
  const next = await pipeline.start("statement-builder", {
    entry: builder,
    port: await freePort(),
  });
  const { request } = await offerUntilEnded(next.url, pipeline, name);
  expect(request).toMatchObject({ status: "executed", attempt: 2 });
  const audit = await auditStatements(pipeline);
  expect(audit.problemsOf(name)).toEqual([]);
});

test("what is kept is never made again", async () => {
  const again = run(process.execPath, [KEEP, join(folder, "kept")]);
  await expect(again).rejects.toThrow("EEXIST");
});
