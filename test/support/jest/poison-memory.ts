/** In every test memory that was given back is overwritten at once: who reads it on reads nonsense. */
import { poisonReleased } from "../../../functions/statement-builder/memory/lent-block.ts";

/** No text, and no length that a row could have. */
export const POISON = 0xff;

poisonReleased(POISON);
