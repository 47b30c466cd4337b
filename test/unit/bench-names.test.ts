/** `make bench BENCH=…` by its names, of which none is passed over. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { REPOSITORY } from "../support/document-blocks.ts";

test("a bench that there is not is said, beside one that there is too, and nothing is measured", async () => {
  const run = promisify(execFile)(process.execPath, [join(REPOSITORY, "test/bench/run.ts")], {
    env: { ...process.env, BENCH: "builder,buidler" },
  });
  await expect(run).rejects.toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/^no bench is named buidler: there are .*\bbuilder\b/) as string,
  });
});
