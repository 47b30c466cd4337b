import process from "node:process";
import { ENGINE_TESTS, ENGINES } from "./test/support/engines/engines.js";

/** `make test`: 2. `make test-engines`: all of them. */
const engines = ENGINES.slice(0, Number(process.env.ENGINES ?? 2));

export default {
  projects: engines.map(({ database, store }, i) => ({
    displayName: `${database}, ${store}`,
    globals: { DATABASE: database, STORE: store },
    testEnvironment: "node",
    extensionsToTreatAsEsm: [".ts"],
    testMatch:
      i === 0
        ? ["<rootDir>/test/{unit,component,e2e,faults}/**/*.test.ts"]
        : [`<rootDir>/test/component/{${ENGINE_TESTS.join(",")}}.test.ts`],
    transform: { "\\.ts$": "<rootDir>/test/support/strip-types.js" },
    setupFiles: ["<rootDir>/test/support/poison-memory.ts"],
    globalSetup: "<rootDir>/test/support/prepare-servers.ts",
  })),
  reporters: ["default", "<rootDir>/test/support/summary-reporter.js"],
  // Real servers start in seconds, and in many seconds on a machine that is busy.
  testTimeout: 60_000,
  maxWorkers: 2,
};
