/** The results as Markdown. */
import type { Sample } from "../measure.ts";
import { significant, spread, type Settled } from "../ratio.ts";
import type { BenchResult, Results } from "../results.ts";

export function ratiosTable(results: Results): string {
  const ratios = Object.values(results).flatMap((result) => result.ratios);
  return [
    "| ratio | value | min … max of the rounds | goal | |",
    "| --- | --- | --- | --- | --- |",
    ...ratios.map(ratioRow),
  ].join("\n");
}

/** Minimum / median / maximum; CPU of all processes together. */
export function samplesTable(results: Results): string {
  return [
    "Minimum / median / maximum of the rounds; CPU seconds of all processes that worked for the candidate.",
    "",
    "| bench | candidate | wall s | CPU s | peak MB |",
    "| --- | --- | --- | --- | --- |",
    ...Object.entries(results).flatMap(([name, { samples }]) =>
      Object.entries(samples).map(([candidate, list]) => sampleRow(name, candidate, list)),
    ),
  ].join("\n");
}

export function figuresTable(results: Results): string {
  return [
    "| figure | value | unit |",
    "| --- | --- | --- |",
    ...Object.values(results).flatMap(({ figures }) =>
      Object.entries(figures).map(([name, { value, unit }]) => {
        const text = typeof value === "number" ? significant(value) : range(value);
        return `| ${name} | ${text} | ${unit} |`;
      }),
    ),
  ].join("\n");
}

export function machineLine(byBench: Results): string {
  const results = Object.values(byBench);
  const [first] = results;
  if (!first) return "";
  const { cpu, cores, memoryGb, versions } = first.machine;
  const dates = results.map(({ date }) => date.slice(0, 10)).sort();
  const span = [...new Set([dates[0], dates.at(-1)])].join(" to ");
  const packages = Object.entries(versions).map(
    ([name, version]) => `${name} ${shortVersion(version)}`,
  );
  const most = (value: (one: BenchResult) => number): string =>
    `${(100 * Math.max(...results.map(value))).toFixed(0)} %`;
  return (
    `${span}, ${cores} cores of ${cpu}, ${memoryGb} GB; at most ${most((one) => one.othersShare)} of the machine used by ` +
    `others and ${most((one) => one.stolenShare)} stolen while measured; ${packages.join(", ")}.`
  );
}

/** `mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for …` is 10.11.19. */
function shortVersion(version: string): string {
  return /Ver (\d[\d.]*)/.exec(version)?.[1] ?? version;
}

function ratioRow({ goal, value, rounds, verdict }: Settled): string {
  const of = `${significant(rounds.min)} … ${significant(rounds.max)}`;
  const sign = goal.op === "<=" ? "≤" : "≥";
  return `| \`${goal.name}\` | ${significant(value)} | ${of} | ${sign} ${goal.value} | ${verdict} |`;
}

function sampleRow(bench: string, candidate: string, samples: readonly Sample[]): string {
  const of = (value: (one: Sample) => number): string => range(spread(samples.map(value)));
  return `| ${bench} | ${candidate} | ${of((one) => one.wall)} | ${of((one) => one.cpu)} | ${of((one) => one.peakMb)} |`;
}

function range({ min, median, max }: ReturnType<typeof spread>): string {
  return [min, median, max].map(significant).join(" / ");
}

const SIZES = [1_000, 100_000, 1_000_000] as const;
const RACERS = [
  ["builder", "statement-builder, proved"],
  ["go", "Go program, without proof"],
  ["c-pipeline", "`mariadb \\| zip -6 \\| curl`"],
  ["floor", "MariaDB alone"],
] as const;

/** Who takes how long, at three sizes: medians of wall and CPU seconds, and the largest peak. */
export function shortTable({ sizes }: Results): string | undefined {
  if (!sizes) return undefined;
  const cell = (name: string, rows: number): string => {
    const samples = sizes.samples[`${name}-${rows}`];
    if (!samples) return "";
    const median = (value: (one: Sample) => number): string =>
      significant(spread(samples.map(value)).median);
    return `${median((one) => one.wall)} / ${median((one) => one.cpu)} s, ${median((one) => one.peakMb)} MB`;
  };
  return [
    "Wall / CPU of all processes, peak of memory:",
    "",
    `| | ${SIZES.map((rows) => `${rows.toLocaleString("en")} rows`).join(" | ")} |`,
    `| --- |${" --- |".repeat(SIZES.length)}`,
    ...RACERS.map(
      ([name, words]) => `| ${words} | ${SIZES.map((rows) => cell(name, rows)).join(" | ")} |`,
    ),
  ].join("\n");
}
