import { readdir, readFile, readlink } from "node:fs/promises";

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

/** Addresses at which the process waits for TCP connections, as Linux writes them: `0100007F:1F90`. */
export async function listeningAddresses(pid: number): Promise<readonly string[]> {
  const descriptors = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(
    // One may be closed while the others are read.
    descriptors.map((one) => readlink(`/proc/${pid}/fd/${one}`).catch(() => "")),
  );
  const LISTEN = "0A";
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((table) => readFile(`/proc/${pid}/net/${table}`, "utf8")),
  );
  return tables.flatMap((table) =>
    table
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => {
        return state === LISTEN && links.includes(`socket:[${inode ?? ""}]`);
      })
      .flatMap(([, address]) => address ?? []),
  );
}
