/** The two plots of the results: wall by rows, and memory over time. */
import type { MemoryCurve } from "../benches/memory.ts";
import type { Point } from "../benches/sizes.ts";
import { chartSvg, type Series } from "./chart.ts";

const CANDIDATES = [
  ["builder", "the builder", "#1b7f4b"],
  ["go", "Go program", "#8e44ad"],
  ["floor", "MariaDB alone", "#7f8c8d"],
  ["c-pipeline", "mariadb | zip | curl", "#2b62b3"],
  ["naive-node", "plain Node program", "#c0392b"],
] as const;

export function wallByRows(points: readonly Point[]): string {
  return chartSvg({
    title: "Wall time of one statement",
    x: {
      title: "rows",
      ticks: [1e3, 1e4, 1e5, 1e6, 1e7],
      label: (rows) => (rows < 1e6 ? `${rows / 1e3} k` : `${rows / 1e6} M`),
      scale: "log",
    },
    y: {
      title: "seconds",
      ticks: powersOfTen(points.map(({ wall }) => wall)),
      label: String,
      scale: "log",
    },
    dots: true,
    series: CANDIDATES.map(([candidate, name, color]): Series => {
      const own = points.filter((point) => point.candidate === candidate);
      return { name, color, points: own.map(({ rows, wall }) => [rows, wall]) };
    }),
  });
}

export function memoryOverTime(curves: readonly MemoryCurve[]): string {
  const all = curves.flatMap(({ points }) => points);
  const colors = ["#2b62b3", "#1b7f4b"];
  return chartSvg({
    title: "Resident memory of a new builder while it builds",
    x: {
      title: "seconds since the event",
      ticks: steps(all.map(([s]) => s)),
      label: String,
      scale: "linear",
    },
    y: { title: "MB", ticks: steps(all.map(([, mb]) => mb)), label: String, scale: "linear" },
    dots: false,
    // The shorter curve lies on the longer one.
    series: curves.toReversed().map(({ rows, points }, i) => ({
      name: `${rows.toLocaleString("en")} rows`,
      color: colors[i] ?? "black",
      points,
    })),
  });
}

/** Around all values. */
function powersOfTen(values: readonly number[]): number[] {
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.ceil(Math.log10(Math.max(...values)));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(`1e${first + i}`));
}

/** From nothing to beyond the largest, some five of them, of a round size. */
function steps(values: readonly number[]): number[] {
  const largest = Math.max(...values);
  const rough = largest / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from(
    { length: Math.ceil(largest / size) + 1 },
    (_, i) => Math.round(i * size * 1e6) / 1e6,
  );
}
