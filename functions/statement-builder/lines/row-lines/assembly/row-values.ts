/** Where the values of a row are among the bytes of the text protocol, NULL as an empty one. */
import { ENDS, STARTS } from "./memory";

/** Longer ones are left to the plain writer, which knows how long a line may be. */
const LONGEST_ROW: u32 = 32768;
/** Of the packet of each row. */
const HEADER_BYTES: usize = 4;

let values: u32 = 0;

export function setValues(count: u32): void {
  values = count;
}

/** Finds the values of a row; answers where the next one is, or 0 for one that is left to the plain writer. */
export function readRow(row: usize, end: usize): usize {
  let at = row + HEADER_BYTES;
  for (let place: u32 = 0; place < values; place++) {
    let length = u32(load<u8>(at++));
    if (length > 250) {
      if (length == 0xfb) length = 0;
      else if (length == 0xfc) {
        length = load<u16>(at);
        at += 2;
      } else return 0;
    }
    store<u32>(STARTS + (place << 2), u32(at));
    at += length;
    store<u32>(ENDS + (place << 2), u32(at));
    if (at > end) return 0;
  }
  return at - row > LONGEST_ROW ? 0 : at;
}

export function startOf(place: u32): usize {
  return load<u32>(STARTS + (place << 2));
}

export function lengthOf(place: u32): u32 {
  return load<u32>(ENDS + (place << 2)) - load<u32>(STARTS + (place << 2));
}
