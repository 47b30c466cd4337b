import { hottestFunctions, type CpuProfile } from "../bench/cpu-profile.ts";

const node = (id: number, functionName: string, url = "") => ({
  id,
  callFrame: { functionName, url, lineNumber: 6 },
});

const profile: CpuProfile = {
  nodes: [
    node(1, "(idle)"),
    node(2, "deflate", "file:///somewhere/functions/statement-builder/zip.ts"),
    node(3, "", "file:///somewhere/node_modules/mysql2/lib/packet.js"),
    node(4, "(garbage collector)"),
    // The same function, called from elsewhere.
    node(5, "deflate", "file:///somewhere/functions/statement-builder/zip.ts"),
  ],
  startTime: 1_000,
  samples: [2, 1, 2, 3, 5, 4, 2],
  timeDeltas: [100, 100, 300, 100, 300, 100, 100],
};

test("shares are of the busy time within the span, whoever called the function", () => {
  expect(hottestFunctions(profile, { from: 1_150, to: 2_050 })).toEqual([
    ["deflate  functions/statement-builder/zip.ts:7", 0.75],
    ["(anonymous)  node_modules/mysql2/lib/packet.js:7", 0.125],
    ["(garbage collector)", 0.125],
  ]);
});
