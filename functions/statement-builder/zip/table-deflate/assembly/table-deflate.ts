/**
 * What the module offers: one deflate stream after the other, of up to 128 KiB at a time. The same
 * bytes in give the same bytes out: there are no other numbers than integers, and nothing of an
 * earlier stream is read.
 */
import { end, pending, pendingBits, putToByteBoundary, setBits } from "./bits";
import { beginBlock, guessCosts, putBlock, wordLiterals } from "./block";
import { fillSlots } from "./block-header";
import { carryLandmarks, findLandmarks, forgetLandmarks } from "./landmarks";
import {
  BLOCK_BYTES,
  FOUR_BYTES_SEEN,
  INPUT,
  OUTPUT,
  PADDING_BYTES,
  SIX_BYTES_SEEN,
  WINDOW,
  WINDOW_BYTES,
} from "./memory";
import { findInTable } from "./table-finder";
import { findInText } from "./text-finder";

export { BLOCK_BYTES, INPUT, OUTPUT };

/** Of a hundred bytes, so many literals other than digits make text of a table; fewer, and it is a table again. */
const TEXT_BEGINS: u32 = 8;
const TEXT_ENDS: u32 = 5;

/** Position in the stream of address 0, modulo 4 GiB: what the hash tables speak of. */
let origin: u32 = 0;
/** Bytes of this stream in the window. */
let windowBytes: u32 = 0;
let isText: bool = false;

fillSlots();

export function begin(): void {
  // Address and position are equal at first, so an empty entry, 0, lies further back than a window.
  origin = 0;
  windowBytes = 0;
  isText = false;
  memory.fill(WINDOW, 0, WINDOW_BYTES);
  memory.fill(SIX_BYTES_SEEN, 0, FOUR_BYTES_SEEN - SIX_BYTES_SEEN);
  memory.fill(FOUR_BYTES_SEEN, 0, WINDOW - FOUR_BYTES_SEEN);
  forgetLandmarks();
  guessCosts();
  setBits(0, 0, OUTPUT);
}

/**
 * Deflates the bytes at INPUT: all BLOCK_BYTES of them, but for the last ones of a stream; with `stored` as they are.
 * Answers how many bytes are at OUTPUT; up to 7 bits wait for the next call.
 */
export function deflate(bytes: u32, last: bool, stored: bool): u32 {
  memory.fill(INPUT + bytes, 0, PADDING_BYTES);
  setBits(pending, pendingBits, OUTPUT);
  findLandmarks(bytes);
  beginBlock();
  const floor = INPUT - windowBytes;
  if (isText) findInText(INPUT + bytes, origin, floor);
  else findInTable(INPUT + bytes, origin, floor);
  putBlock(bytes, last, stored);
  if (last) {
    putToByteBoundary();
    return u32(end - OUTPUT);
  }
  isText = wordLiterals() * 100 > (isText ? TEXT_ENDS : TEXT_BEGINS) * bytes;
  memory.copy(WINDOW, INPUT + bytes - WINDOW_BYTES, WINDOW_BYTES);
  windowBytes = WINDOW_BYTES;
  origin += bytes;
  carryLandmarks(bytes);
  return u32(end - OUTPUT);
}
