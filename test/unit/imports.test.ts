/** The allow-list of imports: what .dependency-cruiser.js does not name is refused. */
import { execFile } from "node:child_process";
import { appendFile, cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REPOSITORY } from "../support/document-blocks.ts";

interface Report {
  readonly summary: {
    readonly violations: readonly {
      readonly from: string;
      readonly rule: { readonly name: string };
    }[];
  };
}

/** A line at the end of a file, and the rule that must refuse it. */
const FORBIDDEN = [
  [
    "functions/domain/money/money.ts",
    "../../infra/local/programs/free-port.ts",
    "functions/domain",
  ],
  ["functions/domain/csv/csv-dialect.ts", "pino", "functions/domain"],
  ["functions/domain/record-name.ts", "node:crypto", "functions/domain"],
  [
    "functions/verification/rows/csv-reader.ts",
    "../platform/limits/deadline.ts",
    "functions/verification",
  ],
  [
    "functions/platform/limits/deadline.ts",
    "../../../infra/local/cluster/bank.ts",
    "functions/platform/limits",
  ],
  ["functions/platform/telemetry/log.ts", "../server/health.ts", "functions/platform/telemetry"],
  ["functions/pending-scanner/due.ts", "../request-intake/config.ts", "functions/pending-scanner"],
  [
    "functions/statement-builder/source/row-stream.ts",
    "../handler.ts",
    "functions/statement-builder/source",
  ],
  [
    "infra/operator/look/list.ts",
    "../../../functions/statement-builder/handler.ts",
    "infra/operator",
  ],
  ["infra/operator/look/list.ts", "../../local/run/story.ts", "infra/operator"],
  ["infra/operator/words/table.ts", "../session/session.ts", "infra/operator/words"],
] as const;

let folder: string;
let report: Report;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "imports-"));
  for (const name of [
    "functions",
    "infra",
    "package.json",
    "tsconfig.json",
    ".dependency-cruiser.js",
  ]) {
    await cp(join(REPOSITORY, name), join(folder, name), { recursive: true });
  }
  await symlink(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
  for (const [file, imported] of FORBIDDEN) {
    await appendFile(join(folder, file), `\nimport ${JSON.stringify(imported)};\n`);
  }
  report = await cruise();
});
afterAll(async () => await rm(folder, { recursive: true }));

async function cruise(): Promise<Report> {
  const program = join(REPOSITORY, "node_modules/.bin/depcruise");
  const args = [program, "--output-type", "json", "functions", "infra"];
  const options = { cwd: folder, maxBuffer: 256 * 1024 * 1024 };
  return await new Promise((resolve, reject) => {
    // It exits with the number of violations.
    execFile(process.execPath, args, options, (_error, stdout, stderr) => {
      if (stdout === "") reject(new Error(stderr));
      else resolve(JSON.parse(stdout) as Report);
    });
  });
}

test.each(FORBIDDEN)("%s may not import %s", (file, _imported, rule) => {
  const refusals = report.summary.violations.filter((one) => one.from === file);
  expect(refusals.map((one) => one.rule.name)).toContain(rule);
});

test("a circle is seen, and nothing is refused that was not added", () => {
  const added: readonly string[] = FORBIDDEN.map(([file]) => file);
  const { violations } = report.summary;
  // health.ts imports log.ts, which now imports health.ts.
  const circles = violations.filter(({ rule }) => rule.name === "no-circle");
  expect(circles.map(({ from }) => from)).toContain("functions/platform/server/health.ts");
  const others = violations.filter(
    ({ from, rule }) => rule.name !== "no-circle" && !added.includes(from),
  );
  expect(others).toEqual([]);
});
