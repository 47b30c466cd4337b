/** The bank, accounts and owners by name: from settings and the bank's own columns into the files of a statement. */
import { buffer } from "node:stream/consumers";
import type { Manifest } from "../../functions/domain/manifest.ts";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { camt053Validator } from "../support/statements/camt053-checks.ts";
import { withMariaDb } from "../support/servers/mariadb.ts";
import { poppler } from "../support/programs/pdf-programs.ts";
import { readByOfxtools } from "../support/programs/ofx-readers.ts";
import { chunks, JANUARY, snapshotOf } from "../support/statements/sample-statement.ts";
import {
  insertAccount,
  readTransactions,
  run,
  statementZip,
  unzip,
  withZipFile,
  zipOf,
  type Asked,
} from "../support/statements/statement.ts";

/** What a bank adds to its view. Of the second account nothing is known but spaces. */
const NAMED_VIEW = `
  CREATE VIEW named_accounts AS SELECT customer_id, account_id, currency,
    IF(account_id = 'giro', 'DE89 3704 0044 0532 0130 00', NULL) AS iban,
    IF(account_id = 'giro', CONCAT('Haushalt ', REPEAT('x', 100)), '') AS nickname,
    IF(account_id = 'giro', 'Girokonto', '  ') AS product_name,
    IF(account_id = 'giro', 'محمد & Zoë Ångström', NULL) AS holder
  FROM accounts;`;
const ACCOUNT_COLUMNS = {
  iban: "iban",
  name: "nickname",
  product: "product_name",
  owner: "holder",
};
const BANK = {
  name: "Musterbank & Söhne AG, Frankfurt am Main",
  bic: "COBADEFFXXX",
  address: ["Kaiserplatz 1", "60311 Frankfurt am Main"],
  legal: ["HRB 32000"],
};
const ASKED: Asked = {
  customerId: "c1",
  startDate: "2025-01-01",
  endDate: "2025-01-31",
  bank: BANK,
  options: { formats: ["csv", "camt.053", "ofx"], combined: true },
};

async function withBank(
  use: (databaseUrl: string, execute: Execute) => Promise<void>,
): Promise<void> {
  await withMariaDb(
    async (server) => {
      await server.execute(insertAccount("giro") + insertAccount("other") + NAMED_VIEW);
      await use(server.databaseUrl, (sql) => server.execute(sql));
    },
    { schema: BANK_SCHEMA },
  );
}

type Execute = (sql: string) => Promise<unknown>;

test("an account that stands there twice is one where both rows say the same, and refused where they do not", async () => {
  await withBank(async (databaseUrl, execute) => {
    await execute(`CREATE VIEW joined AS SELECT customer_id, account_id, currency, holder
      FROM accounts JOIN (SELECT 'Zoë' AS holder UNION ALL SELECT 'Adam') AS owners`);
    await using without = readTransactions(databaseUrl, { accountView: "joined" });
    const files = await unzip(await statementZip(without, ASKED));
    const { accounts } = JSON.parse(files["manifest.json"] ?? "") as Manifest;
    expect(accounts.map(({ account_id }) => account_id)).toEqual(["giro", "other"]);
    await using named = readTransactions(databaseUrl, {
      accountView: "joined",
      accountColumns: { owner: "holder" },
    });
    await expect(statementZip(named, ASKED)).rejects.toMatchObject({
      code: "invalid_value",
      detail: "row 2 of the account view has the account of another row, and other names",
    });
  });
});

test("they are in manifest, README.txt, camt.053 and OFX, and what is not known leaves no hole", async () => {
  const validate = await camt053Validator();
  await withBank(async (databaseUrl) => {
    const views = { accountView: "named_accounts", accountColumns: ACCOUNT_COLUMNS };
    await using transactions = readTransactions(databaseUrl, views);
    const zip = await statementZip(transactions, ASKED);
    expect(await verifyStatement(chunks(zip))).toMatchObject({ ok: true });
    const files = await unzip(zip);

    const { bank, accounts } = JSON.parse(files["manifest.json"] ?? "") as Manifest;
    expect(bank).toEqual({ name: BANK.name, bic: BANK.bic });
    expect(accounts).toEqual([
      {
        account_id: "giro",
        currency: "EUR",
        iban: "DE89370400440532013000",
        name: `Haushalt ${"x".repeat(100)}`,
        product: "Girokonto",
        owner: "محمد & Zoë Ångström",
      },
      { account_id: "other", currency: "EUR" },
    ]);

    const readme = (files["README.txt"] ?? "").replace(/ +/g, " ");
    expect(readme).toContain(
      "Bank: Musterbank & Söhne AG, Frankfurt am Main, Kaiserplatz 1, 60311 Frankfurt am Main, BIC COBADEFFXXX\n",
    );
    expect(readme).toContain("Account holder: محمد & Zoë Ångström\n");

    expect(readme).toContain(
      `\nAccounts:\n\ngiro EUR DE89370400440532013000, Haushalt ${"x".repeat(100)}, Girokonto\nother EUR\n\nWhat each file`,
    );

    const camt = files["camt.053.xml"] ?? "";
    validate(Buffer.from(camt));
    const servicer =
      "<Svcr><FinInstnId><BICFI>COBADEFFXXX</BICFI><Nm>Musterbank &amp; Söhne AG, Frankfurt am Main</Nm>" +
      "<PstlAdr><AdrLine>Kaiserplatz 1</AdrLine><AdrLine>60311 Frankfurt am Main</AdrLine></PstlAdr></FinInstnId></Svcr>";
    expect([...camt.matchAll(/<Acct>.*<\/Acct>/g)].map(([account]) => account)).toEqual([
      "<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Tp><Prtry>Girokonto</Prtry></Tp><Ccy>EUR</Ccy>" +
        `<Nm>Haushalt ${"x".repeat(61)}</Nm><Prxy><Id>giro</Id></Prxy>` +
        `<Ownr><Nm>محمد &amp; Zoë Ångström</Nm></Ownr>${servicer}</Acct>`,
      `<Acct><Id><Othr><Id>other</Id></Othr></Id><Ccy>EUR</Ccy>${servicer}</Acct>`,
    ]);

    expect(files["statement.ofx"]).toContain(
      "<FI>\n<ORG>Musterbank &amp; Söhne AG, Frankfur…</ORG>\n</FI>",
    );
    await withZipFile(zip, async (folder, file) => {
      await run("unzip", ["-q", file, "-d", folder]);
      expect(await readByOfxtools(`${folder}/statement.ofx`)).toHaveLength(2);
    });
  });
});

test("of very many accounts README.txt names the first hundred, and counts them", async () => {
  const balances = Array.from({ length: 250 }, (_, n) => {
    const names = { name: `Account no. ${n}` };
    return { accountId: `acme-${n}`, currency: "EUR", opening: 7n, closing: 7n, names };
  });
  const zip = await buffer(zipOf(JANUARY, snapshotOf([], { rows: 0, balances })));
  const readme = (await unzip(zip))["README.txt"] ?? "";
  expect(readme.match(/^acme-\d+ EUR +Account no\. \d+$/gm)).toHaveLength(100);
  expect(readme).toContain("The first 100 of 250; balances.csv has all of them.\n");
});

test("without settings nothing of it is asked for, or written", async () => {
  await withBank(async (databaseUrl) => {
    await using transactions = readTransactions(databaseUrl);
    const { bank: _, ...asked } = ASKED;
    const files = await unzip(await statementZip(transactions, asked));
    const manifest = JSON.parse(files["manifest.json"] ?? "") as Manifest;
    expect(manifest).not.toHaveProperty("bank");
    expect(manifest.accounts).toContainEqual({ account_id: "giro", currency: "EUR" });
    expect(files["README.txt"]).not.toContain("Accounts:");
    expect(files["camt.053.xml"]).not.toMatch(/Svcr|Ownr|<Nm>/);
    expect(files["statement.ofx"]).not.toContain("<FI>");
  });
});

test("a name may be spelt with joiners, and with what is newer than this Unicode", async () => {
  const names = ["علی\u200cرضا", "क्\u200dष", "👩\u200d💻 Freelance", "\u0378\u{1FBFA}"];
  await withBank(async (databaseUrl, execute) => {
    await execute(
      `CREATE OR REPLACE VIEW named_accounts AS SELECT customer_id, account_id, currency, NULL AS iban,
         '${names[0]}' AS nickname, IF(account_id = 'giro', '${names[1]}', '${names[3]}') AS product_name,
         '${names[2]}' AS holder FROM accounts;`,
    );
    const views = { accountView: "named_accounts", accountColumns: ACCOUNT_COLUMNS };
    await using transactions = readTransactions(databaseUrl, views);
    const formats = ["csv", "pdf", "camt.053", "ofx"] as const;
    const bank = { ...BANK, name: names[0] ?? "" };
    const asked: Asked = { ...ASKED, bank, options: { formats, combined: true } };
    const zip = await statementZip(transactions, asked);
    const found = await verifyStatement(chunks(zip));
    if (!found.ok) throw new Error(found.problems.join("; "));
    expect(found.manifest.bank?.name).toBe(names[0]);
    expect(found.manifest.accounts).toMatchObject([
      { name: names[0], product: names[1], owner: names[2] },
      { name: names[0], product: names[3], owner: names[2] },
    ]);
    const files = await unzip(zip);
    expect(files["README.txt"]).toContain(names[2]);
    expect(files["camt.053.xml"]).toContain(`<Nm>${names[0]}</Nm>`);
    await withZipFile(zip, async (folder, file) => {
      await run("unzip", ["-q", file, "-d", folder]);
      const { stdout } = await (
        await poppler("pdftotext")
      ).run("-layout", `${folder}/statement.pdf`, "-");
      // A joiner has no form of its own, and no number in the place of one.
      expect(stdout).not.toMatch(/U\+200[CD]/);
    });
  });
});

test.each([
  ["iban", "'DE00'"],
  ["nickname", "'a\\nb'"],
  ["holder", "CONCAT('a', CHAR(0xE2, 0x80, 0xAE USING utf8mb4), 'b')"],
  ["product_name", "REPEAT('x', 257)"],
  ["nickname", "'a\u200fb'"],
  ["nickname", "'a\u2066b'"],
  ["nickname", "'a\uFFFEb'"],
  ["nickname", "'a\u2028b'"],
  ["holder", "UNHEX('C328')"],
])("%s of %s ends the statement, naming the column", async (column, value) => {
  await withBank(async (databaseUrl, execute) => {
    const others = ["iban", "nickname", "product_name", "holder"].filter((one) => one !== column);
    await execute(
      `CREATE OR REPLACE VIEW named_accounts AS SELECT customer_id, account_id, currency,
         ${value} AS ${column}, ${others.map((one) => `NULL AS ${one}`).join(", ")} FROM accounts;`,
    );
    const views = { accountView: "named_accounts", accountColumns: ACCOUNT_COLUMNS };
    await using transactions = readTransactions(databaseUrl, views);
    await expect(statementZip(transactions, ASKED)).rejects.toMatchObject({
      code: "invalid_value",
      detail: expect.stringMatching(/^the \w+, row 1 of the account view$/) as string,
    });
  });
});
