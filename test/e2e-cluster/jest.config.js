/** `make e2e`: the installed product on the cluster of KUBECONFIG; no part of `make test`. */
export default {
  rootDir: "../..",
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  testMatch: ["<rootDir>/test/e2e-cluster/**/*.test.ts"],
  transform: { "\\.ts$": "<rootDir>/test/support/jest/strip-types.js" },
  reporters: ["default", "<rootDir>/test/support/jest/summary-reporter.js"],
  // Pods start in seconds on one cluster and in a minute on another; each wait has its own limit.
  testTimeout: 900_000,
  maxWorkers: 1,
};
