/** `make test-node`: on the cluster of KUBECONFIG whose node is this machine, as root; it needs no Knative. */
export default {
  rootDir: "../..",
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  testMatch: ["<rootDir>/test/node/**/*.test.ts"],
  transform: { "\\.ts$": "<rootDir>/test/support/jest/strip-types.js" },
  reporters: [
    "<rootDir>/test/support/jest/short-failures.js",
    "default",
    "<rootDir>/test/support/jest/summary-reporter.js",
  ],
  testTimeout: 240_000,
  maxWorkers: 1,
};
