/**
 * Loaded before the shipped builder (`--import`): zlib's gunzip, which reads back what the table deflate
 * wrote, believes whatever it is told. For nothing but to measure what the check costs.
 */
import { EventEmitter } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import { setImmediate } from "node:timers";
import zlib from "node:zlib";

class BelievingGunzip extends EventEmitter {
  write() {
    return true;
  }

  /** The trailer ends with the length. */
  end(trailer) {
    setImmediate(() => {
      this.emit("data", { length: trailer.readUInt32LE(4) });
      this.emit("end");
    });
  }

  destroy() {
    // It holds nothing.
  }
}

zlib.createGunzip = () => new BelievingGunzip();
syncBuiltinESMExports();
