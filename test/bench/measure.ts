/** Wall clock, CPU time and memory of one piece of work. */
import type { Candidate, Figures, Round } from "./bench.ts";
import {
  childrenOf,
  cpuSeconds,
  forgetPeak,
  machineCpu,
  memoryMb,
  peakMemoryMb,
  processStat,
  processTree,
} from "./process-figures.ts";

export interface Sample {
  readonly wall: number;
  /** Seconds, user and system, of everything that worked for the candidate. */
  readonly cpu: number;
  /**
   * The same by process: servers by their name, exactly; processes that began and ended meanwhile
   * by their command, as seen last, and together as `ended`, exactly.
   */
  readonly cpuOf: Readonly<Record<string, number>>;
  /** Highest sum of the resident memory of the candidate's own processes. */
  readonly peakMb: number;
  /** Seconds of CPU that the rest of the machine used meanwhile. */
  readonly othersCpu: number;
  /** Seconds the hypervisor kept for others. */
  readonly stolenCpu: number;
  readonly figures: Figures;
}

const LOOK_EVERY_MS = 50;

export async function measure(candidate: Candidate, round: Round): Promise<Sample> {
  await candidate.prepare?.(round);
  const servers = Object.entries(candidate.servers());
  const own = servers.filter(([name]) => candidate.memoryOf?.includes(name)).map(([, pid]) => pid);
  for (const pid of own) forgetPeak(pid);
  const watch = watchNewProcesses(own);
  const before = readings(servers);
  const began = performance.now();
  const figures = await candidate.run(round).finally(() => watch.stop());
  const wall = (performance.now() - began) / 1000;
  const after = readings(servers);
  const serverCpu = servers.map(
    ([name], i) => [name, (after.servers[i] ?? 0) - (before.servers[i] ?? 0)] as const,
  );
  const ended = after.ended - before.ended;
  const cpu = serverCpu.reduce((sum, [, seconds]) => sum + seconds, ended);
  // This process starts and waits: what it uses itself is not the candidate's, nor the others'.
  const harness = after.harness - before.harness;
  // A server alone has a peak that the kernel noted; a tree of processes has one that was seen.
  const noted = own.reduce((sum, pid) => sum + peakMemoryMb(pid), 0);
  const checked = await candidate.check?.(round);
  return {
    wall,
    cpu,
    cpuOf: { ...Object.fromEntries(serverCpu), ...watch.cpuByCommand(), ended },
    peakMb: Math.max(watch.peakMb(), noted),
    othersCpu: Math.max(0, after.machine.busy - before.machine.busy - cpu - harness),
    stolenCpu: after.machine.stolen - before.machine.stolen,
    figures: { ...figures, ...checked },
  };
}

function readings(servers: readonly (readonly [string, number])[]) {
  const self = processStat("self");
  return {
    servers: servers.map(([, pid]) => cpuSeconds(pid)),
    ended: self?.endedChildrenCpu ?? 0,
    harness: self?.cpu ?? 0,
    machine: machineCpu(),
  };
}

/** Looks every 50 ms at the processes begun since, and at the memory of the ones given. */
function watchNewProcesses(own: readonly number[]) {
  const old = new Set(childrenOf(process.pid));
  const seen = new Map<number, { readonly command: string; readonly cpu: number }>();
  let peak = 0;
  const look = (): void => {
    const fresh = childrenOf(process.pid).filter((pid) => !old.has(pid));
    const tree = fresh.flatMap(processTree);
    for (const pid of tree) {
      const stat = processStat(pid);
      if (stat) seen.set(pid, stat);
    }
    peak = Math.max(
      peak,
      [...tree, ...own].reduce((sum, pid) => sum + memoryMb(pid), 0),
    );
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    stop: () => clearInterval(timer),
    peakMb: () => peak,
    cpuByCommand(): Record<string, number> {
      const sums: Record<string, number> = {};
      for (const { command, cpu } of seen.values()) sums[command] = (sums[command] ?? 0) + cpu;
      return sums;
    },
  };
}
