/** How much of a statement is read, whatever its zip says. */

/** More than any customer has. */
export const MAX_ACCOUNTS = 100_000;
