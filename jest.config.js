export default {
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  testMatch: ["<rootDir>/test/{unit,component,e2e}/**/*.test.ts"],
  transform: { "\\.ts$": "<rootDir>/test/support/strip-types.js" },
  testTimeout: 60_000,
  maxWorkers: 2,
};
