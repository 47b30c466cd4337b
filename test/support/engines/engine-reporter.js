import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import process from "node:process";

/** Keeps what came of each suite on each engine, for the table at the end of `make test-engines`. */
export default class EngineReporter {
  #suites = [];

  onTestResult({ context, path }, { numPassingTests, numFailingTests, testExecError }) {
    const { DATABASE: database, STORE: store } = context.config.globals;
    this.#suites.push({
      ...{ database, store, suite: basename(path, ".test.ts") },
      passed: numPassingTests,
      failed: numFailingTests + (testExecError ? 1 : 0),
    });
  }

  onRunComplete() {
    const file = process.env.ENGINE_RESULTS;
    if (!file) return;
    mkdirSync(dirname(file), { recursive: true });
    // Some suites run again take the place of what they came to before.
    const key = ({ database, store, suite }) => [database, store, suite].join();
    const before = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
    const all = new Map([...before, ...this.#suites].map((one) => [key(one), one]));
    writeFileSync(file, JSON.stringify([...all.values()], undefined, 2));
  }
}
