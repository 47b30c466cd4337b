/**
 * A minute of storm in `make test`, as many as `STORM_MINUTES` says in `make test-faults`. A storm
 * that failed is raised again by the `SEED` it has printed.
 */
import { writeFile } from "node:fs/promises";
import { runStorm } from "../support/storm/storm.ts";
import { chosenNumber } from "../support/chosen-number.ts";

const minutes = chosenNumber("STORM_MINUTES", 1);
const seed = chosenNumber("SEED", 1);
/** `make test-faults` ends with what is written here. */
const lineFile = process.env["STORM_LINE"];
const REQUESTS_PER_MINUTE = 400;

test(
  "nothing is lost, doubled or stuck, whatever dies",
  async () => {
    console.log(`SEED=${seed} STORM_MINUTES=${minutes}`);
    const requests = Math.round(minutes * REQUESTS_PER_MINUTE);
    const { faults, ...found } = await runStorm({
      seed,
      minutes,
      requests,
      customers: Math.min(300, requests),
    });
    const faultCount = Object.values(faults).reduce((sum, count) => sum + count, 0);
    const line =
      `requests ${requests} faults ${faultCount} ` +
      `lost ${found.lost.length} doubled ${found.doubled.length} stuck ${found.stuck.length}`;
    console.log(`${JSON.stringify(faults)}\n${line}`);
    if (lineFile) await writeFile(lineFile, `${line}\n`);
    const nothing = { lost: [], doubled: [], stuck: [], openUploads: [], crashes: [] };
    expect(found).toEqual({ requests, ...nothing });
    expect(faultCount).toBeGreaterThan(minutes * 5);
  },
  (2 * minutes + 10) * 60_000,
);
