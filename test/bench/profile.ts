/**
 * `make profile`: where the builder's CPU time goes in one statement of a million rows, on a warm
 * process. ROWS=200000 takes the small bank. It runs from the sources, whose names can be read.
 */
import { mkdir, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { largeCustomer } from "./bank/customers.ts";
import { builderCandidate, SOURCE, startBuilder } from "./candidates/builder.ts";
import { referenceSha256 } from "./candidates/shell.ts";
import { measure, type Sample } from "./measure.ts";
import { mainThreadCpuSeconds } from "./process-figures.ts";
import { openStage } from "./stage.ts";

const OUT = join(import.meta.dirname, "../../out/bench");
const HOTTEST = 5;
const NOBODY = ["(root)", "(idle)"];

interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Microseconds of the monotonic clock. */
  readonly startTime: number;
  /** The node that ran at each look, and the microseconds since the look before. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
  };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

interface Profiled {
  readonly sample: Sample;
  /** CPU seconds. */
  readonly mainThread: number;
  readonly span: Span;
  readonly file: string;
}

/** Only the second statement counts of the profile, neither the start of the process nor its warm-up. */
async function profileStatement(rows: number): Promise<Profiled> {
  await using stage = await openStage(rows < 1_000_000);
  const customerId = largeCustomer(rows);
  const sha256 = await referenceSha256(stage, customerId);
  const builder = await startBuilder(stage, {
    entry: SOURCE,
    nodeOptions: ["--cpu-prof", `--cpu-prof-dir=${stage.folder}`, "--cpu-prof-interval=500"],
  });
  const expected = { rows, sha256 };
  const candidate = builderCandidate({ name: "builder", stage, builder, customerId, expected });
  await measure(candidate, { warmUp: true, number: 1 });
  const { pid } = builder.process;
  const from = monotonicMicros();
  const before = mainThreadCpuSeconds(pid);
  const sample = await measure(candidate, { warmUp: false, number: 1 });
  const mainThread = mainThreadCpuSeconds(pid) - before;
  const to = monotonicMicros();
  // It writes its profile when it ends; a worker thread writes one of its own.
  await builder[Symbol.asyncDispose]();
  await mkdir(OUT, { recursive: true });
  const [written] = (await readdir(stage.folder)).filter((name) =>
    /\.0\.\d+\.cpuprofile$/.test(name),
  );
  if (written === undefined) throw new Error("the builder left no profile");
  const file = join(OUT, "builder.cpuprofile");
  await rename(join(stage.folder, written), file);
  return { sample, mainThread, span: { from, to }, file };
}

function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** Seconds in each function itself, without those it calls, most first. */
function selfTimes(
  profile: CpuProfile,
  { from, to }: Span,
): readonly (readonly [string, number])[] {
  const names = new Map(profile.nodes.map((node) => [node.id, nameOf(node)]));
  const seconds = new Map<string, number>();
  let now = profile.startTime;
  profile.samples.forEach((id, i) => {
    const delta = profile.timeDeltas[i] ?? 0;
    now += delta;
    const name = names.get(id) ?? "";
    if (now < from || now > to || NOBODY.includes(name)) return;
    seconds.set(name, (seconds.get(name) ?? 0) + delta / 1e6);
  });
  return [...seconds].sort(([, a], [, b]) => b - a);
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName || "(anonymous)";
  const place = url.replace(/^.*\/(?=functions\/|node_modules\/)/, "").replace(/^file:\/\//, "");
  return place === "" ? name : `${name}  ${place}:${lineNumber + 1}`;
}

const rows = Number(process.env["ROWS"] ?? 1_000_000);
const { sample, mainThread, span, file } = await profileStatement(rows);
const times = selfTimes(JSON.parse(await readFile(file, "utf8")) as CpuProfile, span);
const all = times.reduce((sum, [, seconds]) => sum + seconds, 0);
const builderCpu = sample.cpuOf["builder"] ?? 0;
console.log(
  `${rows.toLocaleString("en")} rows: wall ${sample.wall.toFixed(2)} s; CPU of the builder ` +
    `${builderCpu.toFixed(2)} s, of it main thread ${mainThread.toFixed(2)} s, the others (zlib, GC) ` +
    `${(builderCpu - mainThread).toFixed(2)} s; of MariaDB ${(sample.cpuOf["mariadbd"] ?? 0).toFixed(2)} s`,
);
console.log(`the ${HOTTEST} hottest functions of the main thread:`);
for (const [name, seconds] of times.slice(0, HOTTEST)) {
  console.log(`  ${((100 * seconds) / all).toFixed(1).padStart(5)} %  ${name}`);
}
console.log("the whole profile: out/bench/builder.cpuprofile (opens in Chrome's DevTools)");
