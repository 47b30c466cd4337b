/** The same bank in two databases makes the same bytes, whichever they are. */
import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { PERIOD_BASES } from "../../functions/domain/manifest.ts";
import { FORMATS } from "../../functions/domain/statement-options.ts";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { createSchema } from "../../infra/local/cluster/sample-bank/create-schema.ts";
import { seedBank } from "../../infra/local/cluster/sample-bank/seed.ts";
import {
  chosenDatabase,
  isFirstEngine,
  startDatabaseNamed,
  type DatabaseName,
} from "../support/engines/chosen-engine.ts";
import { chunks } from "../support/statements/sample-statement.ts";
import {
  openSnapshot,
  readTransactions,
  unzip,
  zipOf,
  type Asked,
} from "../support/statements/statement.ts";
import { createConnection } from "mysql2/promise";

const REFERENCE: DatabaseName = "mariadb-10.11";
const OTHER = isFirstEngine() ? "mysql-9.7" : chosenDatabase();
const BANK = { customers: 5, rows: 10_000, seed: 3 };
/** The instant of the snapshot is the server's own. */
const AS_OF = Date.UTC(2026, 0, 1);

const YEAR = { startDate: "2025-01-01", endDate: "2025-12-31", timeZone: "Europe/Berlin" };
const STATEMENTS: readonly Asked[] = [
  ...[1, 2, 3, 4].map((n) => ({
    ...YEAR,
    basis: PERIOD_BASES[n % PERIOD_BASES.length] ?? "booking_date",
    customerId: `customer-00000${n}`,
    options: { formats: FORMATS, includePending: true },
  })),
  { ...YEAR, customerId: "customer-000005", timeZone: "America/Los_Angeles", masked: false },
  {
    ...YEAR,
    basis: "booking_date",
    customerId: "customer-000005",
    options: { csv: { delimiter: ";", decimalComma: true, bom: true } },
  },
];

interface Made {
  readonly zip: string;
  readonly files: Readonly<Record<string, string>>;
}

const sha256 = (bytes: string | Buffer): string => createHash("sha256").update(bytes).digest("hex");

async function statementsOf(name: DatabaseName): Promise<readonly Made[]> {
  await using server = await startDatabaseNamed(name);
  const connection = await createConnection(server.url);
  await connection.query("CREATE DATABASE bank");
  await connection.end();
  const url = `${server.url}bank`;
  await createSchema(url);
  await seedBank(url, BANK);
  await using transactions = readTransactions(url);
  const made: Made[] = [];
  for (const asked of STATEMENTS) {
    await using snapshot = await openSnapshot(transactions, asked);
    expect(snapshot.rows).toBeGreaterThan(500);
    const zip = await buffer(zipOf(asked, { ...snapshot, asOf: AS_OF }));
    expect(await verifyStatement(chunks(zip))).toMatchObject({ ok: true });
    const files = Object.entries(await unzip(zip)).map(([file, text]) => [file, sha256(text)]);
    made.push({ zip: sha256(zip), files: Object.fromEntries(files) as Made["files"] });
  }
  return made;
}

test(`${REFERENCE} and ${OTHER} make the same files of every format, and the same zip`, async () => {
  const [reference, other] = [await statementsOf(REFERENCE), await statementsOf(OTHER)];
  expect(Object.keys(reference[0]?.files ?? {})).toHaveLength(16);
  expect(other).toEqual(reference);
}, 180_000);
