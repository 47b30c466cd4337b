/** A customer of one account is not told of `1 accounts`. */
import { PassThrough } from "node:stream";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { printVerification } from "../../infra/operator/files/verify.ts";
import { makeScreen } from "../../infra/operator/words/terminal.ts";
import { chunks, sampleZip } from "../support/statements/sample-statement.ts";

test.each([
  [1, 1, "1 row of 1 account, "],
  [0, 2, "0 rows of 2 accounts, "],
  [1_234, 3, "1,234 rows of 3 accounts, "],
])("%i and %i", async (rows, accounts, words) => {
  const found = await verifyStatement(chunks(await sampleZip()));
  if (!found.ok) throw new Error("the sample is not right");
  const manifest = {
    ...found.manifest,
    rows,
    accounts: found.manifest.accounts.slice(0, accounts),
  };
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const screen = makeScreen({ stdout, stderr, signal: new AbortController().signal });
  printVerification(screen, "a.zip", { ...found, manifest });
  expect(String(stdout.read())).toContain(words);
});
