/** The modules that are kept beside their sources are what those compile to. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const BUILDER = join(import.meta.dirname, "../../functions/statement-builder");

test.each(["zip/table-deflate", "lines/row-lines", "contents/row-texts"])("%s", async (room) => {
  const folder = await mkdtemp(join(tmpdir(), "assembly-"));
  try {
    const built = join(folder, "built.wasm");
    const settings = ["--config", "asconfig.json", "--target", "release", "--outFile", built];
    const kept = join(BUILDER, room, `${room.split("/")[1] ?? ""}.wasm`);
    await promisify(execFile)("asc", settings, { cwd: join(BUILDER, room, "assembly") });
    expect((await readFile(built)).equals(await readFile(kept))).toBe(true);
  } finally {
    await rm(folder, { recursive: true });
  }
});
