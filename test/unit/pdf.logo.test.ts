/** The bank's logo, as it is read when the process starts. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { readLogo, shownSize } from "../../functions/statement-builder/formats/pdf/pdf-logo.ts";
import { LOGO_SVG, pngOf } from "../support/statements/logos.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "logo-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function logoOf(content: string | Buffer) {
  const file = join(folder, "logo");
  await writeFile(file, content);
  return await readLogo(file);
}

/** By their places, red, green and blue of the pixels. */
async function pixelsOf(content: string | Buffer) {
  const { width, height, deflatedRgb } = await logoOf(content);
  const rgb = inflateSync(deflatedRgb);
  expect(rgb).toHaveLength(width * height * 3);
  return {
    ...{ width, height },
    at: (x: number, y: number) => [...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)],
  };
}

test("an SVG is drawn for print, on white, as large as its shape lets it", async () => {
  const { width, height, at } = await pixelsOf(LOGO_SVG);
  // 44 points high, four pixels each.
  expect([width, height]).toEqual([528, 176]);
  expect(at(40, 88)).toEqual([0x17, 0x40, 0x6d]);
  expect(at(0, 0)).toEqual([255, 255, 255]);
  expect(shownSize({ width, height })).toEqual({ width: 132, height: 44 });
});

test("a PNG is drawn, what is transparent of it on white", async () => {
  const { width, height, at } = await pixelsOf(pngOf(80, 10, [255, 0, 0, 51]));
  expect([width, height]).toEqual([640, 80]);
  expect(at(320, 40)).toEqual([255, 204, 204]);
});

const PNG = pngOf(10, 10, [1, 2, 3, 255]);
const svg = (content: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10">${content}</svg>`;

test.each([
  ["nothing", "", "root node"],
  ["a text", "logo", "unknown token"],
  ["an SVG that is cut short", LOGO_SVG.slice(0, -20), "parsing failed"],
  ["a text in an SVG", svg('<text y="9">Bank</text>'), "no font here"],
  ["a picture elsewhere", svg('<image width="9" height="9" href="http://x/y.png"/>'), "elsewhere"],
  [
    "white on white",
    svg('<rect width="9" height="9" fill="white"/>'),
    "nothing of it is to be seen",
  ],
  ["an SVG of nothing", svg(""), "nothing of it is to be seen"],
  ["a PNG's first bytes", PNG.subarray(0, 20), "cut short"],
  ["a PNG that is cut short", PNG.subarray(0, 50), "nothing of it is to be seen"],
  ["a PNG of other bytes", PNG.with(50, 7), "nothing of it is to be seen"],
  ["a PNG too wide", pngOf(4_097, 1, [0, 0, 0, 255]), "4097 by 1 pixels"],
  ["a file too large", LOGO_SVG.padEnd(262_145), "it is larger"],
])("%s is refused by the setting's name, the file's and why", async (_, content, why) => {
  await expect(logoOf(Buffer.from(content as string))).rejects.toThrow(
    new RegExp(`^BANK_LOGO_FILE: ${folder}/logo must be an SVG, .*: .*${why}`),
  );
});

test("a file that is not there is refused the same way", async () => {
  await expect(readLogo("/nowhere/logo.svg")).rejects.toThrow(
    /^BANK_LOGO_FILE: \/nowhere\/logo\.svg must be an SVG, .* ENOENT/,
  );
});
