/**
 * Text of others, safe to look at: whatever moves a cursor, hides something, or turns the direction
 * of what stands beside it is shown as its code and does nothing. Sources: Unicode 16, general
 * categories; UTR 36, section 2.5 (bidirectional text spoofing).
 */

/** Controls (8-bit ones too), format characters, line and paragraph separators, lone surrogates. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** One line in, one line out; codes are written as JSON does, so that JSON stays what it is. */
export function printable(text: string): string {
  return text.replaceAll(UNSEEN, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
}
