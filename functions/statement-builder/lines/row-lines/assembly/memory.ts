/** Where everything lies in the module's memory, which cannot grow: 832 KiB. */

/** The plan of a line, as in `line-plan.ts`: how each column is written, and from which value; u8. */
export const WRITES: usize = 0x400; // 32 columns
export const PLACES: usize = 0x440;
export const MOST_COLUMNS: u32 = 32;
/** Which form the value of each column must have, and which values an enum has; u8, and four of 16 bytes. */
export const FORMS: usize = 0x480; // 32 columns
export const ENUMS: usize = 0x700; // 32 columns
/** Where each value of the row begins and ends; u32. */
export const STARTS: usize = 0x500; // 32 values
export const ENDS: usize = 0x600;
/** Of each account what `accounts.ts` says. */
export const ACCOUNTS: usize = 0x1000;
export const ACCOUNT_BYTES: u32 = 128;
export const MOST_ACCOUNTS: u32 = 256;
/** Rows as the server sent them, and what a copy may read behind them. */
export const ROWS: usize = 0x10000;
export const ROWS_BYTES: u32 = 0x40000; // 256 KiB
/** Lines, and what a copy may write behind them. */
export const LINES: usize = 0x51000;
export const LINES_BYTES: u32 = 0x7e000; // 504 KiB
