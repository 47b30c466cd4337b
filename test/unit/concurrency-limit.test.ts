import { makeConcurrencyLimit } from "../../functions/platform/limits/concurrency.ts";

test("no more than the limit run at once, the others in their order, also after a failure", async () => {
  const inTurn = makeConcurrencyLimit(2);
  const started: number[] = [];
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<undefined>());
  const runs = gates.map((gate, n) =>
    inTurn(async () => {
      started.push(n);
      await gate.promise;
      return n;
    }),
  );
  const settled = Promise.allSettled(runs);
  const turn = () => new Promise(setImmediate);

  await turn();
  expect(started).toEqual([0, 1]);
  gates[1]?.reject(new Error("failed"));
  await turn();
  expect(started).toEqual([0, 1, 2]);
  gates[0]?.resolve(undefined);
  gates[2]?.resolve(undefined);
  await turn();
  expect(started).toEqual([0, 1, 2, 3, 4]);
  gates[3]?.resolve(undefined);
  gates[4]?.resolve(undefined);
  expect((await settled).map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    "fulfilled",
    "fulfilled",
    "fulfilled",
  ]);
});
