/**
 * Keys that an object of a JSON text has twice. `JSON.parse` takes the last of them in silence, other
 * readers take the first: what a sender meant nobody can know.
 */

export interface DoubledKey {
  readonly key: string;
  /** Of the item that it is in, where the text is an array. */
  readonly item: number;
}

/** A string, with the colon behind it when it is a key, or a sign of structure. */
const TOKEN = /"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?|[{}[\],]/g;

/** @param json a text that `JSON.parse` takes */
export function doubledKeys(json: string): readonly DoubledKey[] {
  const found: DoubledKey[] = [];
  /** The keys of each object around; undefined for an array. */
  const around: (Set<string> | undefined)[] = [];
  let item = 0;
  for (const [token, text = "", colon] of json.matchAll(TOKEN)) {
    if (token === "{") around.push(new Set());
    else if (token === "[") around.push(undefined);
    else if (token === "}" || token === "]") around.pop();
    else if (token === ",") item += around.length === 1 && !around[0] ? 1 : 0;
    else if (colon !== undefined) {
      const key = text.includes("\\") ? String(JSON.parse(`"${text}"`)) : text;
      const keys = around.at(-1);
      if (keys?.has(key)) found.push({ key, item });
      keys?.add(key);
    }
  }
  return found;
}
