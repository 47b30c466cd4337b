/**
 * Loaded before the builder (`--import`): measures how late its event loop is, and writes 99th percentile and
 * maximum in milliseconds, of everything since the process was ready, into the file DELAY_FILE.
 */
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import process from "node:process";
import { setInterval } from "node:timers";

/** Milliseconds between two looks; Node counts them as delay. */
const RESOLUTION = 1;
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
histogram.enable();
// Start-up is over: what follows is work.
process.on("SIGUSR2", () => histogram.reset());
setInterval(() => {
  const [p99, max] = [histogram.percentile(99), histogram.max].map(
    (nanos) => nanos / 1e6 - RESOLUTION,
  );
  writeFileSync(process.env.DELAY_FILE, JSON.stringify({ p99, max }));
}, 200).unref();
