import { chartSvg, type Axis } from "../bench/publish/chart.ts";

const axis = (scale: Axis["scale"], ticks: readonly number[]): Axis => ({
  title: "t",
  label: String,
  scale,
  ticks,
});

test("a logarithmic axis gives each power of ten the same room", () => {
  const svg = chartSvg({
    title: "a < b & c",
    x: axis("log", [1, 10, 100]),
    y: axis("linear", [0, 50, 100]),
    dots: false,
    series: [
      {
        name: "one",
        color: "red",
        points: [
          [1, 0],
          [10, 50],
          [100, 100],
        ],
      },
    ],
  });
  const [, points = ""] = /polyline points="([^"]+)"/.exec(svg) ?? [];
  // The frame is 64 to 570 across and 352 to 40 up.
  expect(points).toBe("64,352 317,196 570,40");
  expect(svg).toContain("a &lt; b &amp; c");
});
