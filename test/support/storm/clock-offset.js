// Loaded into a function's process with NODE_OPTIONS=--import: its wall clock is wrong by
// CLOCK_OFFSET_MS. The monotonic clock is not, as on a real machine.
import process from "node:process";

const offset = Number(process.env.CLOCK_OFFSET_MS);
const now = Date.now;
Date.now = () => now() + offset;
