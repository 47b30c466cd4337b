#!/usr/bin/env bash
# archiver's abort() ends the stream as a success, in the middle of the zip.
#
# Version: archiver 8.0.0 (npm).
# Input: a zip whose first entry is written; the program gives up before `finalize()`, once by `abort()`, once
#   by `destroy(error)`.
# Expected: whoever reads the archive's stream is told: an error, as Node's `pipeline` gives it for a
#   stream that was destroyed, or no end at all.
# Seen: the stream ends, `pipeline` resolves, and what was written has no central directory: no zip. A
#   program that uploads the stream uploads half a file and is told it was right.
# So a writer that gives up destroys the archive with an error: `archive.destroy(new Error(…))`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-fund --no-audit archiver@8.0.0
cat > give-up.mjs <<'JS'
import { createWriteStream, readFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import { ZipArchive } from "archiver";

for (const giveUp of ["abort", "destroy"]) {
  const archive = new ZipArchive();
  const file = `${giveUp}.zip`;
  const said = pipeline(archive, createWriteStream(file)).then(
    () => "success",
    (error) => `error: ${error.message}`,
  );
  archive.append("x".repeat(100_000), { name: "first.csv" });
  await new Promise((resolve) => archive.once("entry", resolve));
  await wait(200);
  if (giveUp === "abort") archive.abort();
  else archive.destroy(new Error("given up"));
  const outcome = await Promise.race([said, wait(10_000, "nothing", { ref: false })]);
  const end = readFileSync(file).includes("PK\x05\x06") ? "an" : "no";
  console.log(`${giveUp}: pipeline says ${outcome}; ${end} end record`);
}
JS
node give-up.mjs | tee seen
diff seen - <<'SEEN'
abort: pipeline says success; no end record
destroy: pipeline says error: given up; no end record
SEEN
