/** A statement of long running texts, which a deflate for tables is not made for. */
import type { Bench } from "../bench.ts";
import { largeCustomer } from "../bank/customers.ts";
import { builderCandidate, startBuilder } from "../candidates/builder.ts";
import { cPipeline, referenceSha256 } from "../candidates/shell.ts";
import type { Sample } from "../measure.ts";
import { openTextStage } from "../stage.ts";

export const bench: Bench = {
  name: "texts",
  about: "a statement of long running texts, against `mariadb | zip -6 | curl`",
  quick: true,
  ratios: [
    { name: "text-cpu-vs-c-pipeline", op: "<=", value: 0.6, of: "cpu", reached: 0.83 },
    { name: "text-zip-vs-c-pipeline", op: "<=", value: 1.06, of: "size" },
  ],
  async run(context) {
    const stage = await context.shared(openTextStage);
    const [rows = 0] = stage.bank.size.large;
    const customerId = largeCustomer(rows);
    const sha256 = await referenceSha256(stage, customerId);
    const builder = context.resources.use(await startBuilder(stage));
    const samples = await context.rounds([
      cPipeline(stage, customerId, sha256),
      builderCandidate({ name: "builder", stage, builder, customerId, expected: { rows, sha256 } }),
    ]);
    const of = (name: string, value: (one: Sample) => number) => (samples[name] ?? []).map(value);
    const bytes = (one: Sample): number => one.figures["zipBytes"] ?? 0;
    const cpu = (one: Sample): number => one.cpu;
    context.ratio("text-cpu-vs-c-pipeline", of("builder", cpu), of("c-pipeline", cpu));
    context.ratio("text-zip-vs-c-pipeline", of("builder", bytes), of("c-pipeline", bytes));
  },
};
