/** Receivers update when they like: what they have installed takes what today's builder writes. */
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { MANIFEST_SCHEMA } from "../../functions/domain/manifest.ts";
import {
  KEPT_STATEMENTS,
  makeKeptStatement,
  startKeptBank,
} from "../support/kept/kept-statements.ts";
import { keptVersions, readKept } from "../support/kept/kept-versions.ts";
import type { TestMariaDb } from "../support/servers/mariadb.ts";
import { chunks } from "../support/statements/sample-statement.ts";

let server: TestMariaDb;

beforeAll(async () => {
  server = await startKeptBank();
});
afterAll(() => server[Symbol.asyncDispose]());

/** It meets the tables before the manifest: pending.csv has lost a column, transactions.csv may have one more. */
const OTHER =
  /^manifest\.json has another schema$|^(pending|transactions)\.csv: has other columns$/;

test.each(await keptVersions())(
  "the verifier of %s takes every statement of a schema it knows, and says which it does not",
  async (version) => {
    const kept = await readKept(version);
    const known = new Set(kept.statements.map(({ schema }) => schema));
    const taken: string[] = [];
    for (const statement of KEPT_STATEMENTS) {
      const zip = await makeKeptStatement(server.databaseUrl, statement);
      const byToday = await verifyStatement(chunks(zip));
      expect({ name: statement.name, ...byToday }).toMatchObject({ ok: true });
      const byThen = await kept.verifyStatement(zip);
      if (byToday.ok && known.has(byToday.manifest.schema)) expect(byThen).toEqual(byToday);
      else expect(byThen).toMatchObject({ problems: [expect.stringMatching(OTHER)] });
      if (byThen.ok) taken.push(statement.name);
    }
    const all = KEPT_STATEMENTS.map(({ name }) => name);
    expect(taken).toEqual(known.has(MANIFEST_SCHEMA) ? all : []);
  },
);
