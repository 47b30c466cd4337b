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
  { database: "tidb", store: "ceph-rgw" },
];

const DATABASE_TESTS = [
  "camt053.statement",
  "doctor.database",
  "seed.sample-bank",
  "statement.booked",
  "statement.codes",
  "statement.correctness",
  "statement.days",
  "statement.engines",
  "statement.formats",
  "statement.money",
  "statement.names",
  "statement.options",
  "statement.pdf",
  "statement.types.fuzz",
  "statement.values",
  "tls",
  "transactions.faults",
  "transactions.reads",
  "transactions.replica",
  "transactions.sample-bank",
  "transactions.session",
];

/** What is asked of a database: of one that is refused, whether it is. */
export function databaseTests(database: string): readonly string[] {
  return database === "tidb" ? ["tidb"] : DATABASE_TESTS;
}

const STORE_TESTS = ["create-only-probe", "statement-bucket", "statement-bucket.faults"];

/** Of a store; on those that `make test` does not start, the whole demo as well. */
export function storeTests(store: string): readonly string[] {
  return ["minio", "ceph-rgw"].includes(store) ? [...STORE_TESTS, "demo"] : STORE_TESTS;
}

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
