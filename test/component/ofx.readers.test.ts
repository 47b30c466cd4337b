/** `statement.ofx` as readers of OFX see it, that were written without us. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { LANGUAGES } from "../../functions/domain/statement-options.ts";
import { ofx } from "../../functions/statement-builder/formats/ofx/ofx.ts";
import type { StatementContent } from "../../functions/statement-builder/formats/statement-format.ts";
import { JANUARY } from "../support/statements/sample-statement.ts";
import { factsOf } from "../support/statements/statement.ts";
import { ofxdump, readByOfxtools, type OfxStatement } from "../support/programs/ofx-readers.ts";
import {
  ACCOUNTS,
  statementContent,
  type Posted,
} from "../support/statements/statement-content.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ofx-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let files = 0;
async function fileOf(content: StatementContent): Promise<string> {
  const file = join(folder, `statement-${++files}.ofx`);
  await writeFile(file, await buffer(ofx.write(content)));
  return file;
}

const read = async (content: StatementContent) => await readByOfxtools(await fileOf(content));

describe("ofxtools, which is strict about OFX 2.2", () => {
  test("reads each account with its balances, and adds its rows up to them", async () => {
    const statements = await read(statementContent(ACCOUNTS));
    const january = {
      from: "2025-12-31T23:00:00+00:00",
      next: "2026-01-31T23:00:00+00:00",
      closingAt: "2026-01-31T22:59:59.999000+00:00",
    };
    expect(
      statements.map(({ rows, ...statement }) => ({ ...statement, rows: rows.length })),
    ).toEqual(
      [
        { account: "acme-1", currency: "EUR", opening: "100.00", closing: "86.11", rows: 18 },
        { account: "acme-2", currency: "JPY", opening: "0", closing: "1", rows: 2 },
        {
          account: "acme-3",
          currency: "BHD",
          rows: 2,
          opening: "-0.007",
          closing: "12345678901234567890.111",
        },
        { account: "acme-4", currency: "EUR", opening: "7.00", closing: "7.00", rows: 0 },
      ].map((statement) => ({ ...january, ...statement })),
    );
  });

  test.each(LANGUAGES)("reads a statement in %s", async (language) => {
    expect(await read(statementContent(ACCOUNTS, { language }))).toHaveLength(ACCOUNTS.length);
  });

  test("reads the same instants of a zone with half an hour, at full ones", async () => {
    const facts = factsOf({ ...JANUARY, timeZone: "Asia/Kolkata" });
    const content = statementContent([{ accountId: "a", currency: "INR", posted: [] }], { facts });
    expect(await read(content)).toMatchObject([
      {
        from: "2025-12-31T18:30:00+00:00",
        next: "2026-01-31T18:30:00+00:00",
        closingAt: "2026-01-31T18:29:59.999000+00:00",
      },
    ]);
  });

  test("reads a transaction as it was booked", async () => {
    const [{ rows } = { rows: [] }] = await read(statementContent(ACCOUNTS));
    expect(rows[0]).toEqual({
      type: "DEBIT",
      day: "2026-01-01",
      valueDay: "2026-01-02",
      amount: "-20.50",
      id: "11",
      reference: "000123",
      name: "Zoë Ångström",
      memo: 'Café "Zur Post", Köln *3000',
    });
    expect(rows[1]).toMatchObject({ id: "9007199254740993", name: "INTEREST", memo: null });
    expect(rows.at(-1)).toMatchObject({ type: "CREDIT", day: "2026-01-31", amount: "20.50" });
  });

  test("reads every script, and what means something in XML, as it is", async () => {
    const texts = [
      "<Smith & 'Sons'>",
      `"&amp;" ]]> &#65;`,
      "pizza 🍕 🇬🇷 👩‍💻",
      "Αθηναϊκή Αγορά",
      "Книжный магазин",
      "日本電力株式会社 مصرف البحرين",
      "=1+1",
      "control \ufffd",
    ];
    const posted = texts.map((counterpartyName) => ({ amount: "1.00", counterpartyName }));
    const content = statementContent([{ accountId: "a", currency: "EUR", posted }]);
    const [{ rows } = { rows: [] }] = await read(content);
    expect(rows.map(({ name }) => name)).toEqual(texts);
  });

  test("tells by the id what two overlapping statements both hold", async () => {
    const posted = ["1", "2", "3"].map((transactionId): Posted => {
      return { amount: "-9.99", transactionId, counterpartyName: "Metro Market 24h" };
    });
    const statements = [posted.slice(0, 2), posted.slice(1)].map((rows) =>
      statementContent([{ accountId: "a", currency: "EUR", posted: rows }]),
    );
    const [[first], [second]] = (await Promise.all(statements.map(read))) as [
      [OfxStatement],
      [OfxStatement],
    ];
    expect(first.account).toBe(second.account);
    const ids = [...first.rows, ...second.rows].map(({ id }) => id);
    expect(ids).toEqual(["1", "2", "2", "3"]);
  });
});

describe("libofx, which GnuCash reads with", () => {
  test("finds no error, and every account and transaction", async () => {
    const print = await ofxdump();
    const { stdout, stderr } = await print.run(await fileOf(statementContent(ACCOUNTS)));
    // What it cannot do with UTF-8 it says itself, as information: it passes it on.
    expect(stderr).not.toMatch(/LibOFX ERROR/);
    expect(stdout.match(/^ofx_proc_account\(\)/gm)).toHaveLength(4);
    expect(stdout.match(/^ofx_proc_transaction\(\)/gm)).toHaveLength(22);
    expect(stdout).toContain("Ledger balance: 86.11");
    expect(stdout).toContain("Name of payee or transaction description: Zoë Ångström");
    expect(stdout).toContain("Financial institution's ID for this transaction: 9007199254740993");
    expect(stdout).toContain("Reference number: 000123");
  });

  test("asks for an account of each currency", async () => {
    const print = await ofxdump();
    const posted = [{ amount: "1" }];
    const currencies = ["EUR", "JPY"].map((currency) => ({ accountId: "a", currency, posted }));
    const { stdout } = await print.run(await fileOf(statementContent(currencies)));
    const accounts = stdout.matchAll(/^ofx_proc_transaction\(\):\n\s+Account ID : (.*)$/gm);
    expect(Array.from(accounts, ([, id]) => id)).toEqual(["UNKNOWN  a-EUR", "UNKNOWN  a-JPY"]);
  });
});
