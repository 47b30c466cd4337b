/** What a statement costs by booking dates, against the same rows by the time they were posted. */
import type { PeriodBasis } from "../../../functions/domain/manifest.ts";
import type { Bench, Candidate } from "../bench.ts";
import { largeCustomer } from "../bank/customers.ts";
import { builderCandidate, startBuilder } from "../candidates/builder.ts";
import { referenceSha256 } from "../candidates/shell.ts";
import { openStage } from "../stage.ts";

const ROWS = { full: 1_000_000, quick: 10_000 };

export const bench: Bench = {
  name: "bases",
  about: "CPU of builder and database by booking dates, against the time of posting: the same rows",
  quick: false,
  ratios: [{ name: "bases-cpu", op: "<=", value: 1.25, of: "cpu" }],
  async run(context) {
    const stage = await context.shared(openStage);
    const rows = context.quick ? ROWS.quick : ROWS.full;
    const customerId = largeCustomer(rows);
    // The bank of the bench books on the day of posting, so both orders, and all balances, are the same.
    const expected = { rows, sha256: await referenceSha256(stage, customerId) };
    const builder = context.resources.use(await startBuilder(stage));
    const candidate = (basis: PeriodBasis): Candidate =>
      builderCandidate({ name: basis, stage, builder, customerId, basis, expected });
    const samples = await context.rounds([candidate("posted_at"), candidate("booking_date")]);
    const cpu = (name: PeriodBasis) => (samples[name] ?? []).map((one) => one.cpu);
    context.ratio("bases-cpu", cpu("booking_date"), cpu("posted_at"));
  },
};
