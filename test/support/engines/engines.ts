export interface EnginePair {
  readonly database: string;
  readonly store: string;
}

/**
 * The databases and stores that tests run on. Those of the first entry have every test; on those
 * of the others the suites that ask nothing else are repeated: of the second one in `make test`, of
 * all in `make test-engines`.
 */
export const ENGINES: readonly EnginePair[] = [
  { database: "mariadb-10.11", store: "versitygw" },
  { database: "mysql-9.7", store: "seaweedfs" },
  { database: "mariadb-11.8", store: "minio" },
];

export const DATABASE_TESTS = [
  "camt053.statement",
  "doctor.database",
  "seed.sample-bank",
  "statement.booked",
  "statement.correctness",
  "statement.days",
  "statement.engines",
  "statement.formats",
  "statement.money",
  "statement.options",
  "statement.types.fuzz",
  "statement.values",
  "tls",
  "transactions.faults",
  "transactions.reads",
  "transactions.replica",
  "transactions.sample-bank",
  "transactions.session",
];

export const STORE_TESTS = ["create-only-probe", "statement-bucket", "statement-bucket.faults"];

/** As `ENGINES` has it: names of databases and stores; by default the first two pairs. */
export function chosenEngines(names: string | undefined): readonly EnginePair[] {
  if (!names) return ENGINES.slice(0, 2);
  const wanted = names.split(/[\s,]+/);
  const isWanted = (name: string): boolean => wanted.includes("all") || wanted.includes(name);
  const chosen = ENGINES.filter(({ database, store }) => isWanted(database) || isWanted(store));
  if (chosen.length > 0) return chosen;
  const known = ENGINES.flatMap(({ database, store }) => [database, store]).join(", ");
  throw new Error(`ENGINES="${names}" names none of ${known}, all`);
}
