/**
 * The databases and stores that tests run on. Those of the first entry have every test; on those
 * of the others the suites that ask nothing else are repeated: of the second one in `make test`, of
 * all in `make test-engines`. A database or store that cannot be had is the one behind it, if any.
 */
export const ENGINES = [
  { database: "mariadb", store: "versitygw" },
  { database: "mysql-9.7", store: "seaweedfs" },
  { database: "mariadb-11.8", store: "minio" },
];

export const ENGINE_TESTS = [
  "camt053.statement",
  "create-only-probe",
  "seed.sample-bank",
  "statement-bucket",
  "statement-bucket.faults",
  "statement.correctness",
  "statement.days",
  "statement.formats",
  "statement.money",
  "statement.options",
  "statement.values",
  "tls",
  "transactions.faults",
  "transactions.reads",
  "transactions.replica",
  "transactions.sample-bank",
  "transactions.session",
];
