/** The sample consumers in TypeScript, Python and Go say the same of every recorded event. */
import { readdirSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeConsumer } from "../../infra/clients/package/package.ts";
import { sampleZip } from "../support/statements/sample-statement.ts";
import { run, unzip } from "../support/statements/statement.ts";
import { zipFiles } from "../support/zips/zip-writer.ts";

const SAMPLES = join(import.meta.dirname, "../../infra/clients/consumer/samples");
const EVENTS = readdirSync(SAMPLES).filter((name) => name.endsWith(".json"));

const FIRST =
  "bank-statements statements/customer-000001-1735686000-1767135600-1795434992291.zip\n";
const SECOND =
  "bank-statements statements/customer-000002-1735686000-1767135600-1795435001874.zip\n";
const NONE = /^(s3-test-event|s3-removed|s3-probe|sns-subscription|versitygw-test-event)\.json$/;
const OF_THE_SECOND = /^(s3-multipart|eventbridge-sqs-lambda)\.json$/;

let folder = "";
const file = (name: string): string => join(folder, name);

/** As a consumer has them: beside an installed package, and compiled. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "consumer-samples-"));
  const installed = file("node_modules/transactions-collector");
  await makeConsumer(installed);
  await cp(join(SAMPLES, "statements.ts"), file("statements.ts"));
  await writeFile(file("package.json"), '{"type":"module"}');
  await run("go", ["build", "-o", file("statements"), join(SAMPLES, "statements.go")]);

  const zip = await sampleZip();
  await writeFile(file("right.zip"), zip);
  const files = await unzip(zip);
  const changed = { ...files, "balances.csv": `${files["balances.csv"] ?? ""}x` };
  await writeFile(file("changed.zip"), zipFiles(Object.entries(changed)));
  await writeFile(file("short.zip"), zip.subarray(0, -30));
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const LANGUAGES = {
  TypeScript: (...args: string[]) => run(process.execPath, [file("statements.ts"), ...args]),
  Python: (...args: string[]) => run("python3", [join(SAMPLES, "statements.py"), ...args]),
  Go: (...args: string[]) => run(file("statements"), args),
} as const;

describe.each(Object.entries(LANGUAGES))("%s", (_, sample) => {
  test.each(EVENTS)("%s", async (name) => {
    const { stdout } = await sample("event", join(SAMPLES, name));
    expect(stdout).toBe(NONE.test(name) ? "" : OF_THE_SECOND.test(name) ? SECOND : FIRST);
  });

  test.each(["", "check", "Check FILE", "check FILE MORE"])("%j is wrong use", async (words) => {
    const used = sample(...words.split(" ").filter(Boolean));
    const stderr = "statements event|check FILE\n";
    await expect(used).rejects.toMatchObject({ code: 2, stdout: "", stderr });
  });

  test("what is no message is an error", async () => {
    await expect(sample("event", join(SAMPLES, "statements.py"))).rejects.toMatchObject({
      code: 1,
    });
  });

  test("a right statement has its id, a wrong one none", async () => {
    const { stdout } = await sample("check", file("right.zip"));
    expect(stdout).toBe("acme-42-1767222000-1769814000-1767312000000\n");
    for (const name of ["changed.zip", "short.zip"]) {
      await expect(sample("check", file(name))).rejects.toMatchObject({ code: 1, stdout: "" });
    }
  });
});
