import process from "node:process";

/**
 * Ends a test run with one line that people and CI can read: `N passed, N failed`.
 * A file that could not run counts as a failure; in CI so does a skipped test, because a test that
 * does not run proves nothing.
 */
export default class SummaryReporter {
  #failed = 0;

  onRunComplete(_contexts, results) {
    const skipped = results.numPendingTests + results.numTodoTests;
    const counted = process.env.CI === "true" ? skipped : 0;
    const interrupted = results.wasInterrupted ? 1 : 0;
    const { numFailedTests, numRuntimeErrorTestSuites } = results;
    this.#failed = numFailedTests + numRuntimeErrorTestSuites + counted + interrupted;
    const lines = [`${results.numPassedTests} passed, ${this.#failed} failed\n`];
    if (counted > 0) lines.unshift(`${counted} skipped tests count as failed in CI\n`);
    // Where MySQL could not be had, see prepare-servers.ts.
    const standIn = process.env.DATABASE_STAND_IN;
    if (standIn) lines.unshift(`no MySQL here: its suites ran on ${standIn} instead\n`);
    // At the very end: jest's own summary is printed after all reporters.
    process.once("exit", () => process.stdout.write(lines.join("")));
  }

  /** An error here makes jest exit with 1. */
  getLastError() {
    return this.#failed > 0 ? new Error(`${this.#failed} failed`) : undefined;
  }
}
