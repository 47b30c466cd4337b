import process from "node:process";
import { chosenEngines, databaseTests, storeTests } from "./test/support/engines/engines.ts";

/** Set by `make test-engines`, which repeats the suites of databases and stores alone. */
const { ENGINES } = process.env;
const testsOf = (database, store) => [...databaseTests(database), ...storeTests(store)].join(",");

export default {
  projects: chosenEngines(ENGINES).map(({ database, store }, i) => ({
    displayName: `${database}, ${store}`,
    globals: { DATABASE: database, STORE: store },
    testEnvironment: "node",
    extensionsToTreatAsEsm: [".ts"],
    testMatch:
      i === 0 && !ENGINES
        ? ["<rootDir>/test/{unit,component,e2e,faults}/**/*.test.ts"]
        : [`<rootDir>/test/{component,engines}/{${testsOf(database, store)}}.test.ts`],
    transform: { "\\.ts$": "<rootDir>/test/support/jest/strip-types.js" },
    setupFiles: ["<rootDir>/test/support/jest/poison-memory.ts"],
    globalSetup: "<rootDir>/test/support/jest/prepare-servers.ts",
  })),
  reporters: [
    "<rootDir>/test/support/jest/short-failures.js",
    "default",
    "<rootDir>/test/support/jest/summary-reporter.js",
    ...(ENGINES ? ["<rootDir>/test/support/engines/engine-reporter.js"] : []),
  ],
  // Real servers start in seconds, and in many seconds on a machine that is busy.
  testTimeout: 120_000,
  // Tests wait for servers and for leases: on two cores two workers leave a third of them idle.
  maxWorkers: 4,
  testSequencer: "<rootDir>/test/support/jest/sequencer.js",
  // Modules of earlier files stay in a worker's heap, and are marked by each collection of it.
  workerIdleMemoryLimit: "900MB",
};
