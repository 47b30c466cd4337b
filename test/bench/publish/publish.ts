/**
 * `node test/bench/publish/publish.ts`: takes the figures of the last `make bench`, out/bench/last.json,
 * into the repository: the tables of the bench's README, and the plots.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format } from "prettier";
import type { MemoryCurve } from "../benches/memory.ts";
import type { Point } from "../benches/sizes.ts";
import { readResults } from "../results.ts";
import { memoryOverTime, wallByRows } from "./plots.ts";
import { figuresTable, machineLine, ratiosTable, samplesTable, shortTable } from "./table.ts";

const BENCH = join(import.meta.dirname, "..");
const MEASURED = join(BENCH, "../../out/bench/last.json");
const BEGIN = "<!-- results: written by test/bench/publish/publish.ts -->";
const END = "<!-- end of results -->";
const [WALL, MEMORY] = ["wall-by-rows.svg", "memory-over-time.svg"];

const results = await readResults(MEASURED);
if (Object.keys(results).length === 0) throw new Error("there are no results: make bench first");

const plots = join(BENCH, "plots");
await mkdir(plots, { recursive: true });
const points = results["sizes"]?.kept["points"] as readonly Point[] | undefined;
if (points) await writeFile(join(plots, WALL), wallByRows(points));
const curves = results["memory"]?.kept["curves"] as readonly MemoryCurve[] | undefined;
if (curves) await writeFile(join(plots, MEMORY), memoryOverTime(curves));

await writeBetweenMarks(
  join(BENCH, "README.md"),
  `${machineLine(results)}\n\n${shortTable(results) ?? ""}\n\n${ratiosTable(results)}\n\n${samplesTable(results)}\n\n` +
    `${figuresTable(results)}\n\n![wall by rows](plots/${WALL})\n\n![memory over time](plots/${MEMORY})`,
);

async function writeBetweenMarks(file: string, section: string): Promise<void> {
  const text = await readFile(file, "utf8");
  const [before, rest = ""] = text.split(BEGIN);
  const [, after] = rest.split(END);
  if (before === undefined || after === undefined)
    throw new Error(`no place for results in ${file}`);
  const whole = `${before}${BEGIN}\n\n${section}\n\n${END}${after}`;
  await writeFile(file, await format(whole, { parser: "markdown", printWidth: 100 }));
}
