/** The bytes of a file that is written as text, piece by piece: flat memory, and few buffers. */

/** UTF-16 units; at most three times as many bytes. */
const BLOCK_LENGTH = 32 * 1024;

/** UTF-8 of all pieces one behind the other, in blocks of tens of kilobytes. */
export async function* inBlocks(
  batches: AsyncIterable<Iterable<string>>,
): AsyncGenerator<Buffer, void, undefined> {
  let text = "";
  for await (const pieces of batches) {
    for (const piece of pieces) {
      text += piece;
      if (text.length < BLOCK_LENGTH) continue;
      yield Buffer.from(text);
      text = "";
    }
  }
  if (text !== "") yield Buffer.from(text);
}
