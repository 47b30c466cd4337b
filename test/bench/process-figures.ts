/** CPU time and memory of processes, from Linux's /proc. Seconds and MB (10^6 bytes). */
import { readFileSync, writeFileSync } from "node:fs";

/** USER_HZ, which Linux fixes at 100 for every architecture Node runs on. */
const TICKS_PER_SECOND = 100;

interface ProcessStat {
  readonly command: string;
  readonly cpu: number;
  /** Of children that have ended and were waited for, with theirs. */
  readonly endedChildrenCpu: number;
}

/** undefined when there is no such process any more. */
export function processStat(pid: number | "self"): ProcessStat | undefined {
  return parseStat(read(`/proc/${pid}/stat`));
}

/** Of the thread that the process began with. */
export function mainThreadCpuSeconds(pid: number): number {
  return parseStat(read(`/proc/${pid}/task/${pid}/stat`))?.cpu ?? 0;
}

function parseStat(text: string | undefined): ProcessStat | undefined {
  if (text === undefined) return undefined;
  // The command is in parentheses and may hold anything. Fields are numbered from 1 in proc(5).
  const command = text.slice(text.indexOf("(") + 1, text.lastIndexOf(")"));
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const seconds = (field: number): number => Number(fields[field - 3]) / TICKS_PER_SECOND;
  return {
    // Node calls its main thread so.
    command: command === "MainThread" ? "node" : command,
    cpu: seconds(14) + seconds(15),
    endedChildrenCpu: seconds(16) + seconds(17),
  };
}

/** Of the process with all its threads, and of those of its children that have ended. */
export function cpuSeconds(pid: number): number {
  const stat = processStat(pid);
  if (!stat) throw new Error(`process ${pid} ended while it was measured`);
  return stat.cpu + stat.endedChildrenCpu;
}

export function childrenOf(pid: number): number[] {
  const text = read(`/proc/${pid}/task/${pid}/children`) ?? "";
  return text.trim().split(" ").filter(Boolean).map(Number);
}

/** The process, its children, theirs, and so on. */
export function processTree(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(processTree)];
}

export function memoryMb(pid: number): number {
  return statusMb(pid, "VmRSS");
}

/** The highest `memoryMb` since the process began, or since `forgetPeak`. */
export function peakMemoryMb(pid: number): number {
  return statusMb(pid, "VmHWM");
}

export function forgetPeak(pid: number): void {
  // proc(5): 5 resets the peak resident set size.
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

function statusMb(pid: number, field: string): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(read(`/proc/${pid}/status`) ?? "");
  return (Number(line?.[1] ?? 0) * 1024) / 1e6;
}

export interface MachineCpu {
  /** Seconds of all processors together that were used, by this machine's processes. */
  readonly busy: number;
  /** Seconds in which the machine below this one had no processor for us. */
  readonly stolen: number;
}

export function machineCpu(): MachineCpu {
  const [line = ""] = (read("/proc/stat") ?? "").split("\n", 1);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = line
    .trim()
    .split(/\s+/)
    .slice(1)
    .map((ticks) => Number(ticks) / TICKS_PER_SECOND);
  return { busy: user + nice + system + irq + softIrq, stolen: steal };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
