/**
 * Where everything lies in the module's memory. Nothing is allotted while it runs and the memory
 * cannot grow: 2.25 MiB, of which a table touches about a quarter.
 *
 * Below 0x400 are the compiler's constants (`memory.data`).
 */

/** How far back a distance may point (RFC 1951, 3.2.5). */
export const WINDOW_BYTES: u32 = 32768;
/** What is deflated at a time: one deflate block, about half a millisecond. */
export const BLOCK_BYTES: u32 = 131072;
/** Behind the input lie zeros: matches are compared 16 bytes at a time, up to 258 and a half. */
export const PADDING_BYTES: u32 = 320;

// --- codes: prefix-code.ts, block-header.ts ------------------------------------------------------

/** How often each symbol of the literal/length and of the distance alphabet comes; u32. */
export const LITERAL_COUNTS: usize = 0x400; // 286 symbols
export const DISTANCE_COUNTS: usize = 0x880; // 30
/** Code lengths in bits; u8. */
export const LITERAL_LENGTHS: usize = 0x900; // 288, as the fixed code has two more
export const DISTANCE_LENGTHS: usize = 0xa20; // 32
/** Codes, first bit lowest, and their lengths from bit 16 on; u32. */
export const LITERAL_CODES: usize = 0xa80; // 288
export const DISTANCE_CODES: usize = 0xf00; // 32
/** For each match length: code and extra bits, and how many they are from bit 24 on; u32. */
export const MATCH_LENGTH_CODES: usize = 0xf80; // 259
/** For each match length: its symbol less 257; u8. */
export const MATCH_LENGTH_SLOTS: usize = 0x1400; // 259
/** What each literal cost in the block before, in bits; u8. */
export const LITERAL_COSTS: usize = 0x1580; // 256
/** Work space of prefix-code.ts; u32. */
export const SORTED: usize = 0x1700; // 288: count << 9 | symbol
export const TREE: usize = 0x1b80; // 288
export const LENGTH_COUNTS: usize = 0x2000; // 16
/** The code length alphabet: counts (u32), lengths (u8), codes (u32), and its symbols in a row (u16). */
export const HEADER_COUNTS: usize = 0x2080; // 19
export const HEADER_LENGTHS: usize = 0x2100; // 19
export const HEADER_CODES: usize = 0x2180; // 19
export const HEADER_SYMBOLS: usize = 0x2200; // 316: symbol | extra bits << 8
/** Four counts of literals side by side, so that equal neighbours need not wait for each other; u32. */
export const QUARTER_COUNTS: usize = 0x2500; // 4 × 256

// --- matches: landmarks.ts, finder.ts, text-finder.ts --------------------------------------------

/** For each hash of six bytes, and of four: the stream position where they were last seen; u32. */
export const SIX_BYTES_SEEN: usize = 0x4000; // 8192
export const FOUR_BYTES_SEEN: usize = 0xc000; // 16384
/** The 32 KiB before the input. */
export const WINDOW: usize = 0x1c000;
export const INPUT: usize = 0x24000;
/** For each byte of the input whether to look for a match there; one bit. */
export const LOOK: usize = 0x45000; // 16 KiB, and two words
/** Addresses of the separators in input and window, and a last one that is none; u32. */
export const SEPARATORS: usize = 0x4a000; // 160 Ki
/** For each of them: the separator in front of the same column of the row before; u32. */
export const ABOVE: usize = 0xeb000; // 160 Ki

// --- what was found, and the output: block.ts ----------------------------------------------------

/** Matches: literals before it << 32 | length << 16 | distance - 1; u64. */
export const MATCHES: usize = 0x18c000; // 43691
/** The literals between the matches, one behind the other. */
export const LITERALS: usize = 0x1e2000;
export const OUTPUT: usize = 0x203000; // the block as it is, at most, and its headers
