/** The results as Markdown. */
import type { Sample } from "../measure.ts";
import { significant, spread, type Settled } from "../ratio.ts";
import type { BenchResult, Results } from "../results.ts";

export function resultsMarkdown(results: Results): string {
  const all = Object.entries(results);
  const ratios = all.flatMap(([, { ratios }]) => ratios);
  return [
    machineLine(all.map(([, result]) => result)),
    "",
    "| ratio | value | min … max of the rounds | goal | |",
    "| --- | --- | --- | --- | --- |",
    ...ratios.map(ratioRow),
    "",
    "| bench | candidate | wall s | CPU s | peak MB |",
    "| --- | --- | --- | --- | --- |",
    ...all.flatMap(([name, { samples }]) =>
      Object.entries(samples).map(([candidate, list]) => sampleRow(name, candidate, list)),
    ),
    "",
    "Minimum / median / maximum; CPU of all processes together.",
    "",
    "| figure | | |",
    "| --- | --- | --- |",
    ...all.flatMap(([, { figures }]) =>
      Object.entries(figures).map(([name, { value, unit }]) => {
        const text = typeof value === "number" ? significant(value) : range(value);
        return `| ${name} | ${text} | ${unit} |`;
      }),
    ),
  ].join("\n");
}

function machineLine(results: readonly BenchResult[]): string {
  const [first] = results;
  if (!first) return "";
  const { cpu, cores, memoryGb, versions } = first.machine;
  const dates = results.map(({ date }) => date.slice(0, 10)).sort();
  const span = [...new Set([dates[0], dates.at(-1)])].join(" to ");
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const most = (value: (one: BenchResult) => number): string =>
    `${(100 * Math.max(...results.map(value))).toFixed(0)} %`;
  return (
    `${span}, ${cores} cores of ${cpu}, ${memoryGb} GB; at most ${most((one) => one.othersShare)} of the machine used by ` +
    `others and ${most((one) => one.stolenShare)} stolen while measured; ${packages.join(", ")}.`
  );
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
