/** How far a build is, as its record says it. */
import { makeBuildMeter } from "../../functions/statement-builder/build-meter.ts";

/** Found by `make simulate`, see the mutant `rows-of-before`: less than no rows in a record, which nobody could read any more. */
test("a second build of one claim counts its rows from the beginning", () => {
  const meter = makeBuildMeter();
  meter.readFrom({ rows: 8, received: () => 8 });
  meter.begin("publish");
  meter.take(0);
  meter.begin("query");
  meter.readFrom({ rows: 8, received: () => 3 });
  expect(meter.take(0)).toMatchObject({ rows: 0, rowsPerSecond: 0 });
});

test("rows are counted for each file", () => {
  let received = 0;
  const meter = makeBuildMeter();
  meter.readFrom({ rows: 8, received: () => received });
  meter.begin("transactions.csv");
  received = 5;
  expect(meter.now).toMatchObject({ rows: 5, rowsCounted: 8 });
  meter.begin("balances.csv");
  expect(meter.now.rows).toBe(0);
});
