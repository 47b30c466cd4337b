/** What a statement says in camt.053, read back with a reader that is not ours. */
import type { TypeWords } from "../../functions/domain/statement-facts.ts";
import { statementPeriod } from "../../functions/domain/statement-period.ts";
import { camt053 } from "../../functions/statement-builder/formats/camt053/camt053.ts";
import type {
  StatementContent,
  StatementRow,
} from "../../functions/statement-builder/formats/statement-format.ts";
import { camt053Bytes, readCamt053, type TextsAt } from "../support/statements/camt053-reader.ts";
import {
  ACCOUNTS,
  statementContent,
  type Posted,
} from "../support/statements/statement-content.ts";

async function withRows(...posted: readonly Posted[]): Promise<TextsAt> {
  return await readCamt053(statementContent([{ accountId: "acme-1", currency: "EUR", posted }]));
}

async function withRow(row: Partial<Posted>): Promise<TextsAt> {
  return await withRows({ amount: "-1.00", ...row });
}

/** A statement of other days than those of the sample. */
function inPeriod(startDate: string, endDate: string, timeZone: string): StatementContent {
  const content = statementContent([{ accountId: "acme-1", currency: "EUR", posted: [] }]);
  const period = statementPeriod({ startDate, endDate, timeZone });
  return { ...content, facts: { ...content.facts, period } };
}

describe("a statement of an account", () => {
  test("without a row has its balances, sums of zero and no entry", async () => {
    const posted: readonly Posted[] = [];
    const account = { accountId: "acme-4", currency: "EUR", opening: "-7.00", posted };
    const at = await readCamt053(statementContent([account]));
    expect(at("Stmt/Acct/Id/Othr/Id")).toEqual(["acme-4"]);
    expect(at("Stmt/Acct/Ccy")).toEqual(["EUR"]);
    expect(at("Bal/Tp/CdOrPrtry/Cd")).toEqual(["OPBD", "CLBD"]);
    expect(at("Bal/Amt")).toEqual(["7.00", "7.00"]);
    expect(at("Bal/Amt/@Ccy")).toEqual(["EUR", "EUR"]);
    expect(at("Bal/CdtDbtInd")).toEqual(["DBIT", "DBIT"]);
    expect(at("Bal/Dt/Dt")).toEqual(["2026-01-01", "2026-01-31"]);
    expect(at("TxsSummry/TtlNtries/NbOfNtries")).toEqual(["0"]);
    expect(at("TtlNetNtry/CdtDbtInd")).toEqual(["CRDT"]);
    expect(at("Ntry")).toEqual([]);
  });

  test("has balances and totals of its own, at the scale of its currency", async () => {
    const at = await readCamt053(
      statementContent([
        {
          accountId: "yen",
          currency: "JPY",
          opening: "-10",
          posted: [{ amount: "1500" }, { amount: "-1499" }, { amount: "0" }],
        },
        {
          accountId: "dinar",
          currency: "BHD",
          opening: "0.007",
          posted: [{ amount: "0.250" }, { amount: "-1.005" }],
        },
      ]),
    );
    expect(at("Stmt/Acct/Id/Othr/Id")).toEqual(["yen", "dinar"]);
    expect(at("Bal/Amt")).toEqual(["10", "9", "0.007", "0.748"]);
    expect(at("Bal/CdtDbtInd")).toEqual(["DBIT", "DBIT", "CRDT", "DBIT"]);
    expect(at("TtlNtries/NbOfNtries")).toEqual(["3", "2"]);
    expect(at("TtlNtries/Sum")).toEqual(["2999", "1.255"]);
    expect(at("TtlNetNtry/Amt")).toEqual(["1", "0.755"]);
    expect(at("TtlNetNtry/CdtDbtInd")).toEqual(["CRDT", "DBIT"]);
    expect(at("TtlCdtNtries/NbOfNtries")).toEqual(["2", "1"]);
    expect(at("TtlCdtNtries/Sum")).toEqual(["1500", "0.250"]);
    expect(at("TtlDbtNtries/NbOfNtries")).toEqual(["1", "1"]);
    expect(at("TtlDbtNtries/Sum")).toEqual(["1499", "1.005"]);
    expect(at("Ntry/Amt")).toEqual(["1500", "1499", "0", "0.250", "1.005"]);
    expect(at("Ntry/Amt/@Ccy")).toEqual(["JPY", "JPY", "JPY", "BHD", "BHD"]);
    expect(at("Ntry/CdtDbtInd")).toEqual(["CRDT", "DBIT", "CRDT", "CRDT", "DBIT"]);
    expect(at("TxDtls/Amt")).toEqual(at("Ntry/Amt"));
    expect(at("Ntry/NtryRef")).toEqual(["1", "2", "3", "1", "2"]);
  });

  test("names an IBAN as such, another number as it is, and a long one by a hash", async () => {
    const long = "a-bank-may-have-numbers-of-sixty-four-characters-and-this-one-is";
    const ids = ["DE89370400440532013000", "DE88370400440532013000", "x".repeat(34), long];
    const accounts = ids.map((accountId) => ({ accountId, currency: "EUR", posted: [] }));
    const at = await readCamt053(statementContent(accounts));
    expect(at("Acct/Id/IBAN")).toEqual([ids[0]]);
    expect(at("Acct/Id/Othr/Id")).toEqual([ids[1], ids[2], expect.stringMatching(/^\w{32}$/)]);
    expect(at("Acct/Prxy/Id")).toEqual([long]);
  });

  test("is identified by its request, account and currency, the same each time", async () => {
    const posted: readonly Posted[] = [];
    const accounts = [
      { accountId: "acme-1", currency: "EUR", posted },
      { accountId: "acme-1", currency: "USD", posted },
    ];
    const content = statementContent(accounts);
    const at = await readCamt053(content);
    expect(at("GrpHdr/AddtlInf")).toEqual(["transaction-request-acme-42-1767225600000"]);
    // printf '%s' '["transaction-request-acme-42-1767225600000"]' | sha256sum | head -c 16
    expect(at("GrpHdr/MsgId")).toEqual(["20260101-20260131-a5e90f68cba2763b"]);
    for (const id of at("Stmt/Id")) expect(id).toMatch(/^20260101-20260131-[0-9a-f]{16}$/);
    expect(new Set([...at("Stmt/Id"), ...at("GrpHdr/MsgId")]).size).toBe(3);
    expect(await camt053Bytes(content)).toEqual(await camt053Bytes(content));
  });
});

describe("the period", () => {
  test("is that of the statement's zone, so that its dates are read right", async () => {
    const at = await readCamt053(inPeriod("2026-03-01", "2026-03-31", "Europe/Berlin"));
    expect(at("FrToDt/FrDtTm")).toEqual(["2026-03-01T00:00:00+01:00"]);
    expect(at("FrToDt/ToDtTm")).toEqual(["2026-03-31T23:59:59.999999+02:00"]);
    expect(at("Stmt/CreDtTm")).toEqual(["2026-01-02T01:00:00+01:00"]);
    expect(at("GrpHdr/CreDtTm")).toEqual(["2026-01-02T01:00:00+01:00"]);
  });

  test("begins with the first moment of a day without a midnight", async () => {
    const at = await readCamt053(inPeriod("2018-11-04", "2018-11-04", "America/Sao_Paulo"));
    expect(at("FrToDt/FrDtTm")).toEqual(["2018-11-04T01:00:00-02:00"]);
  });

  test("is told in UTC where the zone's offset had seconds, which no xs:dateTime can have", async () => {
    const at = await readCamt053(inPeriod("1970-06-01", "1970-06-01", "Africa/Monrovia"));
    expect(at("FrToDt/FrDtTm")).toEqual(["1970-06-01T00:44:30+00:00"]);
  });

  test("that is not over ends with the snapshot, with an interim balance", async () => {
    const content = inPeriod("2026-01-01", "2026-01-31", "Europe/Berlin");
    const options = { ...content.facts.options, partial: true };
    const facts = { ...content.facts, options };
    const at = await readCamt053({ ...content, facts, asOf: Date.UTC(2026, 0, 30, 23, 30) });
    expect(at("FrToDt/ToDtTm")).toEqual(["2026-01-31T00:30:00+01:00"]);
    expect(at("Bal/Tp/CdOrPrtry/Cd")).toEqual(["OPBD", "ITBD"]);
    expect(at("Bal/Dt/Dt")).toEqual(["2026-01-01", "2026-01-31"]);
    const over = await readCamt053({ ...content, facts });
    expect(over("Bal/Tp/CdOrPrtry/Cd")).toEqual(["OPBD", "CLBD"]);
  });
});

describe("an entry", () => {
  test("has the dates, the bank's id and the type of its row", async () => {
    const at = await withRow({
      transactionId: "9007199254740993",
      type: "FEE",
      bookingDate: "2026-01-30",
      valueDate: "2026-02-02",
    });
    expect(at("Ntry/Sts/Cd")).toEqual(["BOOK"]);
    expect(at("Ntry/BookgDt/Dt")).toEqual(["2026-01-30"]);
    expect(at("Ntry/ValDt/Dt")).toEqual(["2026-02-02"]);
    expect(at("Ntry/AcctSvcrRef")).toEqual(["9007199254740993"]);
    expect(at("TxDtls/Refs/AcctSvcrRef")).toEqual(["9007199254740993"]);
    expect(at("Ntry/BkTxCd/Prtry/Cd")).toEqual(["FEE"]);
    expect(at("Ntry/AddtlNtryInf")).toEqual(["Fee"]);
    expect(at("BkTxCd/Domn")).toEqual([]);
  });

  test("says its type in the statement's language, in the bank's own words where it has any", async () => {
    const content = (type: string, typeWords?: TypeWords): StatementContent => {
      const posted = [{ amount: "1.00", type }];
      const made = statementContent([{ accountId: "a", currency: "EUR", posted }]);
      return { ...made, language: "pl", facts: { ...made.facts, typeWords } };
    };
    const words = async (type: string, own?: TypeWords) =>
      (await readCamt053(content(type, own)))("Ntry/AddtlNtryInf");
    expect(await words("SALARY")).toEqual(["Wynagrodzenie"]);
    expect(await words("SALARY", { SALARY: { pl: "Pensja" } })).toEqual(["Pensja"]);
    expect(await words("SALARY", { FEE: { pl: "Opłata" } })).toEqual(["SALARY"]);
    // What any object has is no word.
    expect(await words("constructor")).toEqual(["constructor"]);
  });

  test("has ISO's code in front of the bank's own where the bank's view has it", async () => {
    const at = await withRow({ type: "FEE", bankTransactionCode: "ACMT-MDOP-CHRG" });
    expect(at("Ntry/BkTxCd/Domn/Cd")).toEqual(["ACMT"]);
    expect(at("Ntry/BkTxCd/Domn/Fmly/Cd")).toEqual(["MDOP"]);
    expect(at("Ntry/BkTxCd/Domn/Fmly/SubFmlyCd")).toEqual(["CHRG"]);
    expect(at("Ntry/BkTxCd/Prtry/Cd")).toEqual(["FEE"]);
  });

  test("without a text has no empty element", async () => {
    const at = await withRow({
      type: "",
      description: "",
      reference: "",
      counterpartyName: "",
      counterpartyAccount: "",
    });
    expect(at("*[not(node())]")).toEqual([]);
    expect(at("BkTxCd/Prtry/Cd")).toEqual(["NTAV"]);
    expect(at("TxDtls/*")).toHaveLength(3);
  });

  test("of a debit goes to the creditor, of a credit comes from the debtor", async () => {
    const account = "NL-5678";
    const at = await withRows(
      { amount: "-1.00", counterpartyName: "Shop", counterpartyAccount: account },
      { amount: "1.00", counterpartyName: "Employer", counterpartyAccount: account },
      { amount: "0.00", counterpartyAccount: account },
    );
    expect(at("RltdPties/Cdtr/Pty/Nm")).toEqual(["Shop"]);
    expect(at("RltdPties/CdtrAcct/Id/Othr/Id")).toEqual([account]);
    expect(at("RltdPties/Dbtr/Pty/Nm")).toEqual(["Employer"]);
    expect(at("RltdPties/DbtrAcct/Id/Othr/Id")).toEqual([account, account]);
  });

  test("has no account of a masked number, which importers would match by: it is in the text", async () => {
    for (const account of ["******************5678", "****", `${"*".repeat(40)}5678`]) {
      const at = await withRow({ counterpartyAccount: account });
      expect(at("CdtrAcct")).toEqual([]);
      expect(at("Ustrd").at(-1)).toBe(`counterparty_account: ${account}`);
    }
  });

  test("names a counterparty's account that is not masked, and none that is too long", async () => {
    const iban = "DE89370400440532013000";
    expect((await withRow({ counterpartyAccount: iban }))("CdtrAcct/Id/IBAN")).toEqual([iban]);
    const at = await withRow({ counterpartyAccount: "7".repeat(35) });
    expect(at("CdtrAcct")).toEqual([]);
    expect(at("Ustrd")).toEqual([`counterparty_account: ${"7".repeat(35)}`]);
  });

  test("of a reversal says so, goes the way the money goes now, and names the original", async () => {
    const at = await withRows(
      { amount: "-20.50", transactionId: "11", counterpartyName: "Shop" },
      { amount: "20.50", reversalOf: "11", counterpartyName: "Shop" },
    );
    expect(at("Ntry/CdtDbtInd")).toEqual(["DBIT", "CRDT"]);
    expect(at("Ntry/RvslInd")).toEqual(["true"]);
    expect(at("RvslInd/../NtryRef")).toEqual(["2"]);
    expect(at("Refs/Prtry/Tp")).toEqual(["REVERSAL_OF"]);
    expect(at("Refs/Prtry/Ref")).toEqual(["11"]);
    // Importers go by the indicator.
    expect([at("Cdtr/Pty/Nm"), at("Dbtr/Pty/Nm")]).toEqual([["Shop"], ["Shop"]]);
  });

  test("has the reference the payer gave, when it is one that payments can carry", async () => {
    const reference = "E2E-".padEnd(35, "0");
    expect((await withRow({ reference }))("Refs/EndToEndId")).toEqual([reference]);
  });
});

describe("a text", () => {
  test.each([
    [`<a> & "b" 'c' ]]> &amp;`],
    ["line one\r\nline two\rthree\n\tfour"],
    ["pizza 🍕 in \u2028 Αθήνα, \u0085 and الرياض"],
    [" leading and trailing "],
  ])("%j comes back as it was", async (description) => {
    expect((await withRow({ description }))("Ustrd")).toEqual([description]);
  });

  test("has U+FFFD for each character that no XML document can hold", async () => {
    const description = "a\u0000b\u001bc\ud83dd\ude00e\ufffef\uffff";
    expect((await withRow({ description }))("Ustrd")).toEqual(["a�b�c�d�e�f�"]);
  });

  test("longer than a line goes on in the next, cut behind a word", async () => {
    const words = "Invoice 4711 of 2026-01-05 ".repeat(20);
    const lines = (await withRow({ description: words }))("Ustrd");
    expect(lines.join("")).toBe(words);
    expect(lines.length).toBeLessThanOrEqual(5);
    for (const line of lines) expect(line).toMatch(/^.{1,139} $/);
  });

  test("without a space is cut where it must, as Java counts, and never through a pizza", async () => {
    const description = "🍕".repeat(70) + "x" + "🍕".repeat(70);
    const at = await withRow({ description, counterpartyName: "x" + "🍕".repeat(70) });
    expect(at("Ustrd").slice(0, 3)).toEqual(["🍕".repeat(70), "x" + "🍕".repeat(69), "🍕"]);
    expect(at("Cdtr/Pty/Nm")).toEqual(["x" + "🍕".repeat(69)]);
  });

  test("too long for its element stands whole behind the description", async () => {
    const at = await withRow({
      description: "Rent",
      counterpartyName: "N".repeat(150),
      type: "T".repeat(36),
      reference: "R".repeat(36),
      counterpartyAccount: "*".repeat(36) + "1234",
      transactionId: "1".repeat(36),
      reversalOf: "2".repeat(36),
    });
    expect(at("Cdtr/Pty/Nm")).toEqual(["N".repeat(140)]);
    expect(at("BkTxCd/Prtry/Cd")).toEqual(["T".repeat(35)]);
    expect(at("CdtrAcct")).toEqual([]);
    // A reference that was cut would be another one.
    expect(at("Refs")).toEqual([]);
    expect(at("Ntry/AcctSvcrRef")).toEqual([]);
    expect(at("Ustrd").join("\n")).toBe(
      [
        "Rent",
        `transaction_id: ${"1".repeat(36)}`,
        `type: ${"T".repeat(36)}`,
        `counterparty_name: ${"N".repeat(121)}`,
        "N".repeat(29),
        `counterparty_account: ${"*".repeat(36)}1234`,
        `reference: ${"R".repeat(36)}`,
        `reversal_of: ${"2".repeat(36)}`,
      ].join("\n"),
    );
  });
});

describe("an amount that camt.053 cannot state", () => {
  const account = (currency: string, opening: string, ...amounts: readonly string[]) =>
    statementContent([
      { accountId: "a", currency, opening, posted: amounts.map((amount) => ({ amount })) },
    ]);

  test.each([
    ["a balance of 19 digits", account("EUR", "10000000000000000.00")],
    ["an overdraft of 19 digits", account("EUR", "-10000000000000000.00")],
    ["an amount of 19 digits", account("BHD", "0", "-1000000000000000.000")],
    ["a sum of 19 digits", account("JPY", "0", "500000000000000000", "-500000000000000000")],
    ["a currency that is no code", account("USDT", "0")],
    ["a currency in small letters", account("eur", "0")],
  ])("ends the statement, before a row is read: %s", async (_, content) => {
    const rowsOf = () => {
      throw new Error("a row was read");
    };
    await expect(camt053Bytes({ ...content, rowsOf })).rejects.toMatchObject({
      code: "invalid_amount",
      detail: "camt.053",
    });
  });

  test("is not one of 18 digits", async () => {
    const at = await readCamt053(account("EUR", "0", "9999999999999999.99"));
    expect(at("Bal/Amt")).toEqual(["0.00", "9999999999999999.99"]);
    expect(at("Ntry/Amt")).toEqual(["9999999999999999.99"]);
  });
});

test("is written in blocks of tens of kilobytes, while its rows are read", async () => {
  const batchRows = 100;
  const batches = 100;
  const content = statementContent(ACCOUNTS.slice(0, 1));
  const row = await firstRow(content);
  let read = 0;
  // eslint-disable-next-line @typescript-eslint/require-await -- rows in memory need no waiting
  async function* rowsOf() {
    for (let batch = 0; batch < batches; batch++) {
      read += batchRows;
      yield Array.from({ length: batchRows }, () => row);
    }
  }

  let written = 0;
  let mostHeld = 0;
  const sizes: number[] = [];
  for await (const block of camt053.write({ ...content, rowsOf })) {
    written += block.toString().split("<Ntry>").length - 1;
    mostHeld = Math.max(mostHeld, read - written);
    sizes.push(block.length);
  }
  expect(written).toBe(batchRows * batches);
  expect(mostHeld).toBeLessThanOrEqual(batchRows);
  expect(Math.max(...sizes)).toBeLessThan(100_000);
  expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(10_000);
});

async function firstRow(content: StatementContent): Promise<StatementRow> {
  for await (const [row] of content.allRows()) if (row) return row;
  throw new Error("there is no row");
}
