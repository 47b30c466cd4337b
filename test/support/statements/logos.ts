/** Pictures as a bank may give them for its logo. */
import { crc32, deflateSync } from "node:zlib";

export const LOGO_SVG = `<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40">
  <rect width="120" height="40" rx="6" fill="#17406D"/>
  <path d="M12 30 28 10l16 20z" fill="#FFF" fill-opacity=".8"/>
  <path d="M58 12h48v4H58zm0 8h36v4H58zm0 8h24v4H58z" fill="#F0B429"/>
</svg>`;

/** Of one colour, red, green, blue and how far it covers, by the form that RFC 2083 gives. */
export function pngOf(width: number, height: number, rgba: readonly number[]): Buffer {
  const row = [0, ...Array.from({ length: width }, () => rgba).flat()];
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.from(Array.from({ length: height }, () => row).flat()))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type), data]);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
