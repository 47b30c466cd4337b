export default {
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  testMatch: ["<rootDir>/test/{unit,component,e2e,faults}/**/*.test.ts"],
  transform: { "\\.ts$": "<rootDir>/test/support/strip-types.js" },
  globalSetup: "<rootDir>/test/support/prepare-servers.ts",
  reporters: ["default", "<rootDir>/test/support/summary-reporter.js"],
  // Real servers start in seconds, and in many seconds on a machine that is busy.
  testTimeout: 60_000,
  maxWorkers: 2,
};
