/**
 * Chance as a function of its seed and of what it is drawn for: a draw does not depend on how many
 * were made before it, so that leaving out one fault leaves every other draw as it is.
 */
export function draw(...keys: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (let at = 0; at < keys.length; at++) {
    hash = Math.imul(hash ^ (keys[at] ?? 0), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return (hash >>> 0) / 2 ** 32;
}

/** Of a name, as a key to draw with. */
export function keyOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}

/** One of them, by their weights. @param drawn in [0, 1) */
export function pick<T>(weights: readonly (readonly [T, number])[], drawn: number): T | undefined {
  const all = weights.reduce((sum, [, weight]) => sum + weight, 0);
  let left = drawn * all;
  for (const [value, weight] of weights) {
    left -= weight;
    if (left < 0) return value;
  }
  return weights.at(-1)?.[0];
}
