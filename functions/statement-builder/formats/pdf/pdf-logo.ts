/**
 * The bank's logo in statement.pdf, from an SVG or a PNG: read and drawn once, when the process starts, by resvg.
 * Pixels on white are all that a statement embeds, so no statement can fail for what is in the file.
 */
import { readFile, stat } from "node:fs/promises";
import { deflateSync } from "node:zlib";
import type { BankLogo } from "../../../domain/bank-names.ts";
import { packagedFile } from "./packaged-file.ts";

/** Points, which the logo fills as far as its shape lets it. */
const BOX = { width: 160, height: 44 };
/** For print: some 300 an inch. */
const PIXELS_A_POINT = 4;

const MAX_BYTES = 262_144;
const MAX_SIDE = 4_096;
const WANTED =
  `must be an SVG, its texts as paths, or a PNG of at most ${MAX_SIDE} pixels a side, ` +
  `of at most ${MAX_BYTES} bytes`;

const PNG = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
/** Of the header, which comes first. */
const [PNG_WIDTH, PNG_HEIGHT, PNG_HEADER_BYTES] = [16, 20, 33];
const TEXT_ELEMENT = /<(\w+:)?text[\s>]/;

/** How large it is on the page, in points. */
export function shownSize({ width, height }: Pick<BankLogo, "width" | "height">) {
  const scale = Math.min(BOX.width / width, BOX.height / height);
  return { width: width * scale, height: height * scale };
}

/** @throws Error naming the setting and the file, where that shows nothing that could be printed */
export async function readLogo(file: string): Promise<BankLogo> {
  try {
    if ((await stat(file)).size > MAX_BYTES) throw new Error("it is larger");
    return await draw(svgOf(await readFile(file)));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`BANK_LOGO_FILE: ${file} ${WANTED}: ${reason}`, { cause });
  }
}

/** A PNG is a picture in one. */
function svgOf(bytes: Buffer): string {
  if (!bytes.subarray(0, PNG.length).equals(PNG)) {
    const svg = bytes.toString();
    if (TEXT_ELEMENT.test(svg)) throw new Error("it has a text, for which there is no font here");
    return svg;
  }
  if (bytes.length < PNG_HEADER_BYTES) throw new Error("the PNG is cut short");
  const [width, height] = [bytes.readUInt32BE(PNG_WIDTH), bytes.readUInt32BE(PNG_HEIGHT)];
  if (width > MAX_SIDE || height > MAX_SIDE) throw new Error(`it is ${width} by ${height} pixels`);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    `<image width="${width}" height="${height}" href="data:image/png;base64,${bytes.toString("base64")}"/></svg>`
  );
}

async function draw(svg: string): Promise<BankLogo> {
  // Two megabytes, which only an installation with a logo reads.
  const { initWasm, Resvg } = await import("@resvg/resvg-wasm");
  started ??= readFile(packagedFile("@resvg/resvg-wasm", "index_bg.wasm")).then(initWasm);
  await started;
  using picture = disposable(new Resvg(svg));
  const { width, height } = shownSize(picture.value);
  using fitted = disposable(
    new Resvg(svg, {
      background: "white",
      fitTo:
        width / BOX.width > height / BOX.height
          ? { mode: "width", value: Math.round(width * PIXELS_A_POINT) }
          : { mode: "height", value: Math.round(height * PIXELS_A_POINT) },
    }),
  );
  if (fitted.value.imagesToResolve().length > 0) throw new Error("it names pictures elsewhere");
  using rendered = disposable(fitted.value.render());
  return pictureOf(rendered.value);
}
let started: Promise<void> | undefined;

/** Memory of WebAssembly is given back by hand. */
function disposable<T extends { free(): void }>(value: T): Disposable & { readonly value: T } {
  return { value, [Symbol.dispose]: () => value.free() };
}

/** Of four bytes a pixel the fourth says how much of it covers the white, which is all. */
function pictureOf(image: {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}): BankLogo {
  const { width, height, pixels } = image;
  const rgb = new Uint8Array(width * height * 3);
  for (let at = 0; at < width * height; at += 1) {
    rgb.set(pixels.subarray(at * 4, at * 4 + 3), at * 3);
  }
  if (rgb.every((byte) => byte === 0xff)) throw new Error("nothing of it is to be seen on white");
  return { width, height, deflatedRgb: deflateSync(rgb, { level: 9 }) };
}
