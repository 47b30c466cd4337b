/** Whether a text is an IBAN, as `isIban` of formats/camt053/iban.ts has it. */
import { IBANS } from "./memory";

const A: u32 = 0x41;
const LETTERS: u32 = 26;

export function isIban(from: usize, length: u32): bool {
  if (length < 5) return false;
  const first = u32(load<u8>(from)) - A;
  const second = u32(load<u8>(from, 1)) - A;
  if (first >= LETTERS || second >= LETTERS) return false;
  if (u32(load<u8>(IBANS + first * LETTERS + second)) != length) return false;
  if (!isDigit(load<u8>(from, 2)) || !isDigit(load<u8>(from, 3))) return false;
  let remainder: u32 = 0;
  // The first four characters go to the end.
  for (let i: u32 = 0; i < length; i++) {
    const byte = load<u8>(from + ((i + 4) % length));
    const letter = u32(byte) - A;
    if (isDigit(byte)) remainder = (remainder * 10 + u32(byte) - 0x30) % 97;
    else if (letter < LETTERS) remainder = (remainder * 100 + letter + 10) % 97;
    else return false;
  }
  return remainder == 1;
}

function isDigit(byte: u8): bool {
  return u32(byte) - 0x30 < 10;
}
