/** The steps of a template, as `compiled-template.ts` makes them. */

// Of `STEP` in compiled-template.ts.
export const LITERAL: u32 = 0;
export const LINE: u32 = 1;
export const AMOUNT: u32 = 2;
export const MAGNITUDE: u32 = 3;
export const BALANCE: u32 = 4;
export const SIDE: u32 = 5;
export const BEGIN_GROUP: u32 = 6;
export const END_GROUP: u32 = 7;
export const BETWEEN: u32 = 8;
export const UNLESS: u32 = 9;
export const PRESENT: u32 = 10;
export const TEXT: u32 = 11;
export const WORD: u32 = 12;
export const LAST_FOUR: u32 = 13;
export const DECIMAL: u32 = 14;
export const DATE_AS_IS: u32 = 15;
export const DATE_DIGITS: u32 = 16;
export const INSTANT: u32 = 17;
export const CODE_PART: u32 = 18;
export const PIECES: u32 = 19;

// Of a step, from its address on; all u32.
export const PLACE: usize = 4;
/** Address, length and, of what a debit has instead, length of literal bytes; or what else its kind needs. */
export const A: usize = 8;
export const B: usize = 12;
export const C: usize = 16;
export const FLAGS: usize = 20;
/** How many steps are passed over behind a value. */
export const PASSED: usize = 24;
export const WHEN: usize = 28;

// Of `FLAG` in compiled-template.ts.
export const MASKED: u32 = 1;
export const ONE_LINE: u32 = 2;
export const NULLABLE: u32 = 4;

// Of `WHEN` in compiled-template.ts.
export const ALWAYS: u32 = 0;
export const IS_HIDDEN: u32 = 1;
export const IS_IBAN: u32 = 2;
export const IS_OTHER_NUMBER: u32 = 3;
export const IS_LONG: u32 = 4;
