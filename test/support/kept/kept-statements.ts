/**
 * The statements that are kept of each version, under `test/kept/`: a small bank, and every choice that
 * a request or an installation may make.
 */
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import type { BankNames } from "../../../functions/domain/bank-names.ts";
import { DELIMITERS, type CsvDialect } from "../../../functions/domain/csv/csv-dialect.ts";
import { FORMATS, LANGUAGES } from "../../../functions/domain/statement-options.ts";
import {
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
} from "../../../functions/verification/manifest-signature.ts";
import type { SignManifest } from "../../../functions/statement-builder/contents/statement-files.ts";
import { statementQuery } from "../../../functions/statement-builder/source/transactions-sql.ts";
import {
  makeStatementZip,
  type Compression,
} from "../../../functions/statement-builder/zip/statement-zip.ts";
import { startTestMariaDb, type TestMariaDb } from "../servers/mariadb.ts";
import {
  factsOf,
  insertAccount,
  insertPostings,
  readTransactions,
  type Asked,
} from "../statements/statement.ts";

const SCHEMA = new URL("../../../infra/local/cluster/sample-bank/schema.sql", import.meta.url);

const JANUARY: Asked = {
  customerId: "c1",
  startDate: "2026-01-01",
  endDate: "2026-01-31",
  timeZone: "Europe/Berlin",
};

const ACCOUNTS = [
  insertAccount("a1"),
  insertAccount("a;2", "JPY"),
  insertAccount("a3", "BHD"),
  insertAccount("a4"),
  insertAccount("gold-1", "XAU", "gold"),
];

const POSTINGS = insertPostings(
  { id: 1, at: "2025-12-20 10:00:00.000000", amount: "100", balance: "100" },
  {
    id: 2,
    at: "2025-12-31 23:00:00.000000",
    amount: "-20.50",
    balance: "79.50",
    description: 'Café "Zur Post", Köln',
    name: "Zoë Ångström",
    reference: "000123",
    counterparty: "DE89370400440532013000",
  },
  {
    id: 3,
    at: "2026-01-02 10:00:00.000000",
    amount: "1500",
    balance: "1500",
    account: "a;2",
    currency: "JPY",
    type: "TRANSFER",
    description: "=1+1",
  },
  {
    id: 4,
    at: "2026-01-03 10:00:00.123456",
    amount: "1234.567",
    balance: "1234.567",
    account: "a3",
    currency: "BHD",
    type: "TRANSFER",
    name: "Αθήνα; Ελλάς",
    counterparty: "42",
  },
  {
    id: 9007199254740993n,
    at: "2026-01-15 10:00:00.000000",
    amount: "0",
    balance: "79.50",
    type: "CARD_CHECK",
  },
  {
    id: 5,
    at: "2026-01-31 22:59:59.999999",
    amount: "20.50",
    balance: "100",
    type: "REVERSAL",
    description: "line one\r\nline two",
    reversalOf: 2,
  },
  {
    id: 6,
    at: "2026-01-30 10:00:00.000000",
    amount: "-7.05",
    balance: "79.50",
    status: "PDNG" as const,
    name: "Metro | Market",
    counterparty: "FR7630006000011234567890189",
  },
  {
    id: 7,
    at: "2026-01-10 10:00:00.000000",
    amount: "3.25",
    balance: "3.25",
    customer: "gold",
    account: "gold-1",
    currency: "XAU",
    type: "DEPOSIT",
  },
);

const DIALECTS: readonly CsvDialect[] = DELIMITERS.flatMap((delimiter) =>
  [false, true].flatMap((bom) =>
    (delimiter === "," ? [false] : [false, true]).map((decimalComma) => ({
      bom,
      delimiter,
      decimalComma,
    })),
  ),
);
const DELIMITER_NAMES = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "bar" } as const;

export interface KeptStatement {
  readonly name: string;
  readonly asked: Partial<Asked>;
  /** Columns that an installation names. */
  readonly named?: typeof NAMED;
  readonly compression?: Compression;
  /** With which algorithm. */
  readonly signed?: SignatureAlgorithm;
}

/** What a bank adds to its views: names, and codes of ISO 20022. Of some it knows nothing. */
const NAMED_VIEWS = `
  CREATE VIEW named_accounts AS SELECT customer_id, account_id, currency,
    IF(account_id = 'a1', 'DE89 3704 0044 0532 0130 00', NULL) AS iban,
    IF(account_id = 'a1', 'Haushalt', '') AS nickname, product,
    IF(account_id = 'a3', NULL, 'محمد & Zoë Ångström') AS holder FROM accounts;
  CREATE VIEW coded_transactions AS SELECT *,
    IF(type = 'REVERSAL', NULL, 'PMNT-RCDT-ESCT') AS iso_code FROM statement_transactions;`;
const NAMED = {
  accountView: "named_accounts",
  accountColumns: { iban: "iban", name: "nickname", product: "product", owner: "holder" },
  transactionView: "coded_transactions",
  transactionCodeColumn: "iso_code",
};
const BANK: BankNames = {
  name: "Musterbank & Söhne AG",
  bic: "COBADEFFXXX",
  address: ["Kaiserplatz 1", "60311 Frankfurt am Main"],
  legal: ["HRB 32000"],
};

export const KEPT_STATEMENTS: readonly KeptStatement[] = [
  { name: "plain", asked: {} },
  { name: "unmasked", asked: { masked: false } },
  { name: "pending", asked: { options: { includePending: true } } },
  {
    name: "partial",
    asked: { endDate: "2099-12-31", options: { partial: true, includePending: true } },
  },
  { name: "no-rows", asked: { startDate: "2027-01-01", endDate: "2027-01-31" } },
  {
    name: "superseding",
    asked: { options: { supersedes: "c1-1767222000-1769814000-1767312000000" } },
  },
  { name: "gold", asked: { customerId: "gold" } },
  { name: "fast", asked: {}, compression: "fast" },
  { name: "small", asked: {}, compression: "small" },
  ...LANGUAGES.filter((one) => one !== "en").map((language) => ({
    name: `language-${language}`,
    asked: { options: { language } },
  })),
  ...FORMATS.filter((one) => one !== "csv").map((format) => ({
    name: `format-${format}`,
    asked: { options: { formats: ["csv", format] as const } },
  })),
  {
    name: "all-formats",
    asked: { masked: false, options: { formats: FORMATS, includePending: true } },
  },
  { name: "booking-date", asked: { basis: "booking_date", options: { formats: FORMATS } } },
  { name: "combined", asked: { options: { formats: FORMATS, combined: true } } },
  { name: "named", asked: { bank: BANK, options: { formats: FORMATS } }, named: NAMED },
  {
    name: "ids-as-text",
    asked: {
      options: {
        csv: { bom: true, delimiter: ";", decimalComma: true, idsAsText: true },
        includePending: true,
      },
    },
  },
  ...DIALECTS.map((csv) => ({
    name: [
      "csv",
      DELIMITER_NAMES[csv.delimiter],
      csv.bom && "bom",
      csv.decimalComma && "decimal-comma",
    ]
      .filter(Boolean)
      .join("-"),
    asked: { options: { csv, includePending: true } },
  })),
  ...(Object.keys(SIGNATURE_ALGORITHMS) as SignatureAlgorithm[]).map((signed) => ({
    name: `signed-${signed}`,
    asked: {},
    signed,
  })),
];

/** A server with the bank that the statements are of. */
export async function startKeptBank(): Promise<TestMariaDb> {
  const server = await startTestMariaDb({ schema: await readFile(SCHEMA, "utf8") });
  await server.execute([...ACCOUNTS, POSTINGS, NAMED_VIEWS].join("\n"));
  return server;
}

/** One of them as the builder makes it now. */
export async function makeKeptStatement(
  databaseUrl: string,
  { asked, compression = "balanced", named }: KeptStatement,
  sign?: SignManifest,
): Promise<Buffer> {
  await using transactions = readTransactions(databaseUrl, named);
  const facts = factsOf({ ...JANUARY, ...asked });
  const { signal } = new AbortController();
  const query = statementQuery(facts.customerId, facts.period);
  await using snapshot = await transactions.open(query, signal);
  const options = { compression, sign, signal };
  return await buffer(makeStatementZip(facts, snapshot, options));
}
