/** A line chart as SVG text. */

export interface Series {
  readonly name: string;
  readonly color: string;
  readonly points: readonly (readonly [number, number])[];
}

export interface Axis {
  readonly title: string;
  /** Where lines and numbers stand, the first and the last at the ends. */
  readonly ticks: readonly number[];
  readonly label: (value: number) => string;
  readonly scale: "linear" | "log";
}

export interface Chart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Dots on the points: for few of them. */
  readonly dots: boolean;
}

const [WIDTH, HEIGHT] = [760, 400];
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 190, 40, 48];

export function chartSvg({ title, x, y, series, dots }: Chart): string {
  const across = placer(x, LEFT, WIDTH - RIGHT);
  const up = placer(y, HEIGHT - BOTTOM, TOP);
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<text x="${LEFT}" y="22" font-size="14" font-weight="bold">${escaped(title)}</text>`,
    ...x.ticks.flatMap((tick) => [
      line(across(tick), TOP, across(tick), HEIGHT - BOTTOM),
      text(across(tick), HEIGHT - BOTTOM + 16, "middle", x.label(tick)),
    ]),
    ...y.ticks.flatMap((tick) => [
      line(LEFT, up(tick), WIDTH - RIGHT, up(tick)),
      text(LEFT - 6, up(tick) + 4, "end", y.label(tick)),
    ]),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "middle", x.title),
    `<text transform="translate(14 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escaped(y.title)}</text>`,
    ...series.flatMap(({ name, color, points }, i) => {
      const places = points.map(([px, py]) => `${round(across(px))},${round(up(py))}`);
      const marks = dots ? places.map((place) => dot(place, color)) : [];
      const legend = TOP + 12 + i * 20;
      return [
        `<polyline points="${places.join(" ")}" fill="none" stroke="${color}" stroke-width="2"/>`,
        ...marks,
        `<rect x="${WIDTH - RIGHT + 14}" y="${legend - 9}" width="12" height="4" fill="${color}"/>`,
        text(WIDTH - RIGHT + 32, legend - 2, "start", name),
      ];
    }),
    "</svg>",
  ];
  return `${lines.join("\n")}\n`;
}

/** Maps a value of the axis to a coordinate between `from` and `to`. */
function placer({ ticks, scale }: Axis, from: number, to: number): (value: number) => number {
  const at = (value: number): number => (scale === "log" ? Math.log10(value) : value);
  const low = at(Math.min(...ticks));
  const high = at(Math.max(...ticks));
  return (value) => from + ((at(value) - low) / (high - low)) * (to - from);
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  const ends = `x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"`;
  return `<line ${ends} stroke="#dddddd"/>`;
}

function text(x: number, y: number, anchor: "start" | "middle" | "end", content: string): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function dot(place: string, color: string): string {
  const [x = "", y = ""] = place.split(",");
  return `<circle cx="${x}" cy="${y}" r="3.5" fill="${color}"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
