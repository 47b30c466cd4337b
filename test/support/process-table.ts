import { readFile } from "node:fs/promises";

/** Whether a process of this id exists; a zombie counts until its parent has taken note. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** Whether SIGSTOP holds the process. */
export async function isStopped(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The name before the state is in parentheses and may hold anything.
  return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
}
