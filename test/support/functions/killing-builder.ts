/**
 * statement-builder as shipped, except that it dies (`KILL_AT`) or pauses (`STOP_AT`) at a step of
 * its story, the first time it gets there; and that whom it calls back is on this machine.
 */
import { runBuilder } from "../../../functions/statement-builder/index.ts";
import { LOOPBACK } from "./callback-receiver.ts";

const { KILL_AT, STOP_AT } = process.env;
let paused = false;

await runBuilder((step) => {
  if (step === KILL_AT) signalSelf("SIGKILL");
  if (step === STOP_AT && !paused) {
    paused = true;
    signalSelf("SIGSTOP");
  }
}, LOOPBACK);

/** Nothing of this process runs between the signal and its effect, nor before the next line. */
function signalSelf(signal: NodeJS.Signals): void {
  process.kill(process.pid, signal);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
}
