/** What a statement costs in every format, against its CSV alone. */
import type { Bench, Candidate } from "../bench.ts";
import { largeCustomer } from "../bank/customers.ts";
import { builderCandidate, startBuilder } from "../candidates/builder.ts";
import { referenceSha256 } from "../candidates/shell.ts";
import { spread } from "../ratio.ts";
import { openStage } from "../stage.ts";

const ROWS = { full: 100_000, quick: 10_000 };
const FORMATS = ["jsonl", "camt.053", "ofx", "pdf"] as const;

export const bench: Bench = {
  name: "formats",
  about:
    "the builder's CPU with every format, against transactions.csv alone; the PDF at its cap of rows",
  quick: false,
  ratios: [{ name: "formats-cpu", op: "<=", value: 8, of: "cpu" }],
  async run(context) {
    const stage = await context.shared(openStage);
    const rows = context.quick ? ROWS.quick : ROWS.full;
    const customerId = largeCustomer(rows);
    const sha256 = await referenceSha256(stage, customerId);
    const builder = context.resources.use(await startBuilder(stage));
    const candidate = (name: string, formats: readonly string[]): Candidate =>
      builderCandidate({
        name,
        stage,
        builder,
        customerId,
        formats: ["csv", ...formats],
        expected: { rows, sha256 },
      });
    const samples = await context.rounds([
      candidate("csv", []),
      candidate("all formats", FORMATS),
      ...FORMATS.map((format) => candidate(`csv and ${format}`, [format])),
    ]);
    const cpu = (name: string) => (samples[name] ?? []).map((one) => one.cpuOf["builder"] ?? 0);
    const alone = spread(cpu("csv")).median;
    for (const format of FORMATS) {
      const more = cpu(`csv and ${format}`).map((seconds) => seconds - alone);
      context.figure(`builder CPU of ${format}`, spread(more), "s");
    }
    context.ratio("formats-cpu", cpu("all formats"), cpu("csv"));
  },
};
