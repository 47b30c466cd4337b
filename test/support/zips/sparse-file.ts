/** A large file of mostly nothing, which takes no room on the disk: its zeros are holes. */
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { Writable } from "node:stream";

const PAGE = Buffer.alloc(4096);

export function sparseFile(path: string): Writable {
  const file = openSync(path, "w");
  let end = 0;
  return new Writable({
    highWaterMark: 1024 * 1024,
    write(chunk: Buffer, _encoding, done) {
      for (let from = 0; from < chunk.length; from += PAGE.length) {
        const page = chunk.subarray(from, from + PAGE.length);
        if (page.compare(PAGE, 0, page.length) !== 0)
          writeSync(file, page, 0, page.length, end + from);
      }
      end += chunk.length;
      done();
    },
    final(done) {
      ftruncateSync(file, end);
      done();
    },
    destroy(error, done) {
      closeSync(file);
      done(error);
    },
  });
}
