/**
 * What is slow to make and the same every time (an unpacked package, a built server, a fresh data
 * folder) is made once per user and kept in `$XDG_CACHE_HOME/transactions-collector`.
 * The folder may be deleted at any time; what is missing is made again.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  // The XDG base directory specification has relative paths ignored.
  const xdg = env["XDG_CACHE_HOME"] ?? "";
  return join(isAbsolute(xdg) ? xdg : join(homedir(), ".cache"), "transactions-collector");
}

/**
 * The cached folder `name`, made by `make` when it is not there. @throws Error with the next step. It appears whole or not at all,
 * also when `make` is killed half-way; processes that want it at once make it once.
 */
export async function onceInCache(
  name: string,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  await mkdir(cacheFolder(), { recursive: true }).catch((cause: unknown) => {
    const { code = "" } = cause as NodeJS.ErrnoException;
    throw new Error(
      `the cache folder ${cacheFolder()} cannot be made (${code}). What is installed or built once is kept ` +
        "there: set XDG_CACHE_HOME to a folder that you may write.",
      { cause },
    );
  });
  await alone(folder, async () => {
    if (existsSync(folder)) return;
    const unfinished = await mkdtemp(`${folder}.unfinished-`);
    try {
      await make(unfinished);
      await rename(unfinished, folder);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  });
  return folder;
}

/**
 * Runs `work` while no other process of this machine runs one of the same name. The lock is an
 * abstract Unix socket: the kernel frees it when its holder dies, so it is never stale.
 */
async function alone(name: string, work: () => Promise<void>): Promise<void> {
  // Only Linux has abstract sockets; elsewhere the work may be done twice, and one rename wins.
  if (process.platform !== "linux") {
    await work();
    return;
  }
  const address = `\0${createHash("sha256").update(name).digest("hex")}`;
  const waiting = new Set<Socket>();
  const lock = createServer((socket) => {
    socket.on("error", () => waiting.delete(socket));
    waiting.add(socket);
  });
  while (!(await listens(lock, address))) await holderIsGone(address);
  try {
    await work();
  } finally {
    lock.close();
    for (const socket of waiting) socket.destroy();
    await once(lock, "close");
  }
}

async function listens(lock: ReturnType<typeof createServer>, address: string): Promise<boolean> {
  try {
    lock.listen(address);
    await once(lock, "listening");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  }
}

/** The holder never writes; its end, or its death, closes the connection. */
async function holderIsGone(address: string): Promise<void> {
  const socket = connect(address);
  socket.on("error", () => undefined).resume();
  await new Promise((resolve) => socket.once("close", resolve));
}
