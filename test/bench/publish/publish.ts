/**
 * `node test/bench/publish/publish.ts`: takes the figures of the last `make bench` into the
 * repository: `last.json`, the plots and the tables of the README.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format } from "prettier";
import type { MemoryCurve } from "../benches/memory.ts";
import type { Point } from "../benches/sizes.ts";
import { readResults } from "../results.ts";
import { memoryOverTime, wallByRows } from "./plots.ts";
import { resultsMarkdown } from "./table.ts";

const BENCH = join(import.meta.dirname, "..");
const MEASURED = join(BENCH, "../../out/bench/last.json");
const BEGIN = "<!-- results: written by publish/publish.ts -->";
const END = "<!-- end of results -->";

const results = await readResults(MEASURED);
if (Object.keys(results).length === 0) throw new Error("there are no results: make bench first");
await writeFile(
  join(BENCH, "last.json"),
  await format(JSON.stringify(results), { parser: "json", printWidth: 100 }),
);

const plots: string[] = [];
await mkdir(join(BENCH, "plots"), { recursive: true });
const points = results["sizes"]?.kept["points"] as readonly Point[] | undefined;
if (points) await writePlot("wall-by-rows", "wall by rows", wallByRows(points));
const curves = results["memory"]?.kept["curves"] as readonly MemoryCurve[] | undefined;
if (curves) await writePlot("memory-over-time", "memory over time", memoryOverTime(curves));

const readme = join(BENCH, "README.md");
const text = await readFile(readme, "utf8");
const [before = "", rest = ""] = text.split(BEGIN);
const [, after = ""] = rest.split(END);
const section = [BEGIN, "", resultsMarkdown(results), "", ...plots, "", END].join("\n");
const options = { parser: "markdown", printWidth: 100 };
await writeFile(readme, await format(`${before}${section}${after}`, options));

async function writePlot(name: string, alt: string, svg: string): Promise<void> {
  await writeFile(join(BENCH, "plots", `${name}.svg`), svg);
  plots.push(`![${alt}](plots/${name}.svg)`);
}
