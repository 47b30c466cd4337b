/**
 * `make profile`: where the builder's CPU time goes, on a warm process: in one statement of a
 * million rows (ROWS=200000 takes the small bank), or with OF=small in many of 500 rows. It runs
 * from the sources, whose names can be read.
 */
import { mkdir, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { largeCustomer, smallCustomer } from "./bank/customers.ts";
import type { Candidate } from "./bench.ts";
import { builderCandidate, SOURCE, startBuilder } from "./candidates/builder.ts";
import { referenceSha256 } from "./candidates/shell.ts";
import { smallByBuilder, startSmallBuilder } from "./candidates/small-statements.ts";
import { hottestFunctions, type CpuProfile, type Span } from "./cpu-profile.ts";
import { measure, type Sample } from "./measure.ts";
import { mainThreadCpuSeconds } from "./process-figures.ts";
import { openStage, type Stage } from "./stage.ts";

const OUT = join(import.meta.dirname, "../../out/bench");
const HOTTEST = 5;
/** What V8 itself does, as a profile names it. */
const RUNTIME = ["(garbage collector)", "(program)"];

interface Subject {
  readonly what: string;
  readonly candidate: Candidate;
  /** A process that writes its profile when it ends. */
  readonly builder: AsyncDisposable & { readonly pid: number };
}

interface Profiled {
  readonly sample: Sample;
  /** CPU seconds. */
  readonly mainThread: number;
  readonly span: Span;
}

async function largeStatement(stage: Stage, rows: number, flags: string): Promise<Subject> {
  const customerId = largeCustomer(rows);
  const sha256 = await referenceSha256(stage, customerId);
  const builder = await startBuilder(stage, { entry: SOURCE, nodeOptions: flags.split(" ") });
  const expected = { rows, sha256 };
  return {
    what: `one statement of ${rows.toLocaleString("en")} rows`,
    candidate: builderCandidate({ name: "builder", stage, builder, customerId, expected }),
    builder: Object.assign(builder, { pid: builder.process.pid }),
  };
}

async function smallStatements(stage: Stage, flags: string): Promise<Subject> {
  const customers = Array.from({ length: stage.bank.size.small }, (_, i) => smallCustomer(i + 1));
  const builder = await startSmallBuilder(stage, { NODE_OPTIONS: flags });
  return {
    what: `${customers.length} statements of 500 rows, 8 at a time, from query to object`,
    candidate: smallByBuilder(stage, builder, { customers, concurrency: 8 }),
    builder,
  };
}

/** Of the profile only the second round counts, neither the start of the process nor its warm-up. */
async function profiled({ candidate, builder }: Subject): Promise<Profiled> {
  await measure(candidate, { warmUp: true, number: 1 });
  const from = monotonicMicros();
  const before = mainThreadCpuSeconds(builder.pid);
  const sample = await measure(candidate, { warmUp: false, number: 1 });
  const mainThread = mainThreadCpuSeconds(builder.pid) - before;
  return { sample, mainThread, span: { from, to: monotonicMicros() } };
}

function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** The main thread's; each worker thread writes one of its own. */
async function takeProfile(folder: string): Promise<CpuProfile> {
  const written = (await readdir(folder)).find((name) => /\.0\.\d+\.cpuprofile$/.test(name));
  if (written === undefined) throw new Error("the builder left no profile");
  await mkdir(OUT, { recursive: true });
  const file = join(OUT, "builder.cpuprofile");
  await rename(join(folder, written), file);
  return JSON.parse(await readFile(file, "utf8")) as CpuProfile;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1).padStart(5)} %`;
}

const small = process.env["OF"] === "small";
const rows = Number(process.env["ROWS"] ?? 1_000_000);
await using stage = await openStage(rows < 1_000_000);
const flags = `--cpu-prof --cpu-prof-dir=${stage.folder} --cpu-prof-interval=500`;
const subject = small
  ? await smallStatements(stage, flags)
  : await largeStatement(stage, rows, flags);
const { sample, mainThread, span } = await profiled(subject).finally(
  async () => await subject.builder[Symbol.asyncDispose](),
);
const hottest = hottestFunctions(await takeProfile(stage.folder), span);
const builderCpu = sample.cpuOf["builder"] ?? 0;
console.log(
  `${subject.what}: wall ${sample.wall.toFixed(2)} s; CPU of the builder ${builderCpu.toFixed(2)} s, ` +
    `of it main thread ${mainThread.toFixed(2)} s, the others (zlib, GC) ` +
    `${(builderCpu - mainThread).toFixed(2)} s; of MariaDB ${(sample.cpuOf["mariadbd"] ?? 0).toFixed(2)} s`,
);
const isFunction = ([name]: (typeof hottest)[number]): boolean => !RUNTIME.includes(name);
console.log(`the ${HOTTEST} hottest functions of the main thread:`);
for (const [name, share] of hottest.filter(isFunction).slice(0, HOTTEST)) {
  console.log(`  ${percent(share)}  ${name}`);
}
console.log("beside all functions:");
for (const [name, share] of hottest.filter((one) => !isFunction(one))) {
  console.log(`  ${percent(share)}  ${name}`);
}
console.log("the whole profile: out/bench/builder.cpuprofile (opens in Chrome's DevTools)");
