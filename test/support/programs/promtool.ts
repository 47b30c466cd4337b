/** Prometheus' own checker, from Debian's package: unpacked, as an installed one would start a server. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { onceInCache } from "../../../infra/local/programs/cache-folder.ts";

const run = promisify(execFile);
const INSTALLED = "/usr/bin/promtool";

/** @throws Error where there is neither promtool nor apt. */
export async function promtool(): Promise<string> {
  if (existsSync(INSTALLED)) return INSTALLED;
  const folder = await onceInCache("promtool", async (unfinished) => {
    const cwd = join(unfinished, "package");
    await run("mkdir", [cwd]);
    await run("apt-get", ["download", "prometheus"], { cwd }).catch(async () => {
      await run("apt-get", ["update"], { maxBuffer: Infinity });
      await run("apt-get", ["download", "prometheus"], { cwd });
    });
    const [file = ""] = await readdir(cwd);
    await run("dpkg", ["-x", join(cwd, file), cwd], { maxBuffer: Infinity });
    await copyFile(join(cwd, "usr/bin/promtool"), join(unfinished, "promtool"));
    await rm(cwd, { recursive: true });
  });
  return join(folder, "promtool");
}
