/**
 * Whether every reader of a JSON text reads the same: no name stands twice in an object, of which some take the
 * first, no number or text has another spelling than the shortest (`4.0` is no integer to some), and nothing is
 * nested deeper than readers follow.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);
/** Space, tab and the ends of lines. */
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

const DEEPEST = 64;

/** @param value what `JSON.parse` read of the text */
export function isOneReading(text: string, value: unknown): boolean {
  const written = write(value);
  let at = 0;
  let depth = 0;
  let isInText = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (!isInText && SPACES.has(code)) continue;
    if (code !== written.charCodeAt(at++)) return false;
    if (code === QUOTE) isInText = !isInText;
    // The character behind it ends no text.
    if (code === BACKSLASH && text.charCodeAt(++i) !== written.charCodeAt(at++)) return false;
    if (isInText) continue;
    if (OPENING.has(code)) depth += 1;
    if (CLOSING.has(code)) depth -= 1;
    if (depth > DEEPEST) return false;
  }
  return at === written.length;
}

/** Nothing, as no JSON is written, of what is nested deeper than the stack. */
function write(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return "";
  }
}
