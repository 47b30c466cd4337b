/** statement-builder as shipped, except that its table deflate turns a bit in the last block of each stream. */
import { runBuilder } from "../../../functions/statement-builder/index.ts";
import { TableDeflate } from "../../../functions/statement-builder/zip/table-deflate/table-deflate.ts";

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with `call`
const { deflate } = TableDeflate.prototype;
TableDeflate.prototype.deflate = function (last) {
  const block = deflate.call(this, last);
  const middle = block.length >> 1;
  if (last) block[middle] = (block[middle] ?? 0) ^ 1;
  return block;
};

await runBuilder();
