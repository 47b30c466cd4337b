/**
 * Loaded before the builder (`--import`): zlib's gunzip, which reads back what the table deflate wrote, believes
 * whatever it is told. For nothing but to measure what the check costs. The file BELIEVED is there once it has
 * believed a stream.
 */
import { EventEmitter } from "node:events";
import { writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import process from "node:process";
import { setImmediate } from "node:timers";
import zlib from "node:zlib";

class BelievingGunzip extends EventEmitter {
  _outOffset = 0;

  write(piece, done = () => {}) {
    setImmediate(done);
    return true;
  }

  /** The trailer ends with the length. */
  end(trailer) {
    writeFileSync(process.env.BELIEVED, "");
    setImmediate(() => {
      this.emit("data", { length: trailer.readUInt32LE(4) });
      this.emit("end");
    });
  }

  destroy() {
    // It holds nothing.
  }
}

// In the module itself: a bundle has it by `require`, the sources by `import`.
Object.defineProperties(zlib, {
  createGunzip: { value: () => new BelievingGunzip() },
  gunzipSync: { value: (framed) => ({ length: framed.readUInt32LE(framed.length - 4) }) },
});
syncBuiltinESMExports();
