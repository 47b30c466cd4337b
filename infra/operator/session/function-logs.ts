/** What the functions have said: files of `make run`, or kubectl's of a cluster. */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Installation } from "./installation.ts";
import { unavailable } from "../words/exit.ts";

/** @param where a folder of log files, or a cluster. @throws CommandError with the reason */
export async function readFunctionLogs(where: string | Installation): Promise<string> {
  try {
    if (typeof where !== "string") return await where.logs();
    const files = (await readdir(where)).filter((file) => file.endsWith(".log"));
    const texts = await Promise.all(files.map((file) => readFile(join(where, file), "utf8")));
    return texts.join("\n");
  } catch (cause) {
    const [reason = ""] = (cause as Error).message.trim().split("\n").slice(-1);
    throw unavailable(`the functions' logs cannot be read: ${reason}`, { cause });
  }
}
