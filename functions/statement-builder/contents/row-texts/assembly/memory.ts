/** Where the template lies in the module's memory; accounts, rows and texts are where row-lines has its own. */

/** The steps of the template, as in `compiled-template.ts`: 8 u32 each. */
export const STEPS: usize = 0x9000;
export const STEP_BYTES: u32 = 32;
export const MOST_STEPS: u32 = 128;
/** The groups that a row is in; `row-texts.ts` says what of each. */
export const GROUPS: usize = 0xa000;
export const MOST_GROUPS: u32 = 16;
/** By two letters of a country, how long an IBAN is there; u8. */
export const IBANS: usize = 0xa200; // 676
/** The bytes that steps write as they are, and the tables of words. */
export const LITERALS: usize = 0xa800;
export const LITERALS_BYTES: u32 = 0x5700; // and what a copy may read behind them
