/** `statement.ofx`, read by libxml2; what OFX readers make of it is tried in test/component. */
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { XmlDocument, type XmlElement } from "libxml2-wasm";
import { Temporal } from "temporal-polyfill";
import { localInstant } from "../../functions/statement-builder/formats/ofx/ofx-fields.ts";
import { ofx } from "../../functions/statement-builder/formats/ofx/ofx.ts";
import type { StatementContent } from "../../functions/statement-builder/formats/statement-format.ts";
import { JANUARY } from "../support/statements/sample-statement.ts";
import { factsOf } from "../support/statements/statement.ts";
import {
  ACCOUNTS,
  statementContent,
  type AccountPosted,
  type Posted,
} from "../support/statements/statement-content.ts";

async function written(content: StatementContent): Promise<string> {
  return (await buffer(ofx.write(content))).toString("utf8");
}

interface Found {
  readonly element: string;
  readonly text: string;
}

/** The children of each element that the XPath finds. */
async function found(content: StatementContent, xpath: string): Promise<Found[][]> {
  using document = XmlDocument.fromString(await written(content));
  return document.find(xpath).map((parent) => {
    const children = parent.find("*") as XmlElement[];
    return children.map((child) => ({ element: child.name, text: child.content }));
  });
}

async function texts(content: StatementContent, xpath: string): Promise<string[]> {
  using document = XmlDocument.fromString(await written(content));
  return document.find(xpath).map((element) => element.content);
}

const account = (posted: readonly Posted[], changes: Partial<AccountPosted> = {}) => ({
  accountId: "a",
  currency: "EUR",
  posted,
  ...changes,
});
const euros = (...posted: readonly Posted[]) => statementContent([account(posted)]);

/** Name, memo and reference of one transaction. */
async function textsOf(posted: Partial<Posted>): Promise<Record<string, string>> {
  const [children = []] = await found(euros({ amount: "1.00", ...posted }), "//STMTTRN");
  const named = children.filter(({ element }) => ["NAME", "MEMO", "REFNUM"].includes(element));
  return Object.fromEntries(named.map(({ element, text }) => [element, text]));
}

describe("a statement of several accounts", () => {
  test("begins with the declarations of OFX 2.2 and a signon that is the same in each language", async () => {
    const text = await written(statementContent(ACCOUNTS, { language: "de" }));
    expect(text.split("\n").slice(0, 14)).toEqual([
      '<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
      '<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>',
      "<OFX>",
      "<SIGNONMSGSRSV1>",
      "<SONRS>",
      "<STATUS>",
      "<CODE>0</CODE>",
      "<SEVERITY>INFO</SEVERITY>",
      "</STATUS>",
      "<DTSERVER>20260102000000.000[0:GMT]</DTSERVER>",
      "<LANGUAGE>ENG</LANGUAGE>",
      "</SONRS>",
      "</SIGNONMSGSRSV1>",
      "<BANKMSGSRSV1>",
    ]);
  });

  test("has one for each, the one without a row too, with its currency and balance", async () => {
    const content = statementContent(ACCOUNTS);
    expect(await texts(content, "//STMTRS/CURDEF")).toEqual(["EUR", "JPY", "BHD", "EUR"]);
    const accounts = ["acme-1", "acme-2", "acme-3", "acme-4"];
    expect(await texts(content, "//BANKACCTFROM/ACCTID")).toEqual(accounts);
    expect(await texts(content, "//LEDGERBAL/BALAMT")).toEqual([
      "86.11",
      "1",
      "12345678901234567890.111",
      "7.00",
    ]);
    const empty = await found(content, "//STMTRS[BANKACCTFROM/ACCTID='acme-4']/BANKTRANLIST");
    expect(empty[0]?.map(({ element }) => element)).toEqual(["DTSTART", "DTEND"]);
  });

  test("says from where to where, and of which instant the balance is", async () => {
    const content = statementContent([account([])]);
    // January in Berlin; the balance is of its last millisecond.
    expect(await texts(content, "//DTSTART|//DTEND|//DTASOF")).toEqual([
      "20260101000000.000[+1]",
      "20260201000000.000[+1]",
      "20260131235959.999[+1]",
    ]);
  });

  test.each([
    ["Asia/Kolkata", "20260101003000.000[+6]", "20260201003000.000[+6]", "20260131232959.999[+5]"],
    [
      "Asia/Kathmandu",
      "20260101001500.000[+6]",
      "20260201001500.000[+6]",
      "20260131231459.999[+5]",
    ],
    // In its summer, +10:30, and west of Greenwich, -3:30.
    [
      "Australia/Adelaide",
      "20260101003000.000[+11]",
      "20260201003000.000[+11]",
      "20260131232959.999[+10]",
    ],
    [
      "America/St_Johns",
      "20260101003000.000[-3]",
      "20260201003000.000[-3]",
      "20260131232959.999[-4]",
    ],
    [
      "America/New_York",
      "20260101000000.000[-5]",
      "20260201000000.000[-5]",
      "20260131235959.999[-5]",
    ],
    ["UTC", "20260101000000.000[0:GMT]", "20260201000000.000[0:GMT]", "20260131235959.999[0:GMT]"],
  ])("in %s too its days are the period's", async (timeZone, ...expected) => {
    const facts = factsOf({ ...JANUARY, timeZone });
    const content = statementContent([account([])], { facts, asOf: Date.UTC(2026, 2, 1) });
    expect(await texts(content, "//DTSTART|//DTEND|//DTASOF")).toEqual(expected);
  });

  test("whatever the zone and the moment, it is that moment, on its day there", () => {
    const zones = Intl.supportedValuesOf("timeZone");
    const at = fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2037, 0, 1) });
    fc.assert(
      fc.property(fc.constantFrom(...zones), at, fc.boolean(), (timeZone, moment, atMidnight) => {
        const local = Temporal.Instant.fromEpochMilliseconds(moment).toZonedDateTimeISO(timeZone);
        const then = atMidnight ? local.startOfDay().subtract({ milliseconds: 1 }) : local;
        const [, digits = "", hours = ""] =
          /^(\d{14}\.\d{3})\[([+-]?\d+)(?::GMT)?\]$/.exec(
            localInstant(then.epochMilliseconds, timeZone),
          ) ?? [];
        expect(digits.slice(0, 8)).toBe(then.toPlainDate().toString().replaceAll("-", ""));
        const iso = digits.replace(/^(....)(..)(..)(..)(..)/, "$1-$2-$3T$4:$5:");
        expect(Date.parse(`${iso}Z`) - Number(hours) * 3_600_000).toBe(then.epochMilliseconds);
      }),
      { numRuns: 1_000 },
    );
  });

  test("goes no further than it looked, where the period was not over", async () => {
    const asOf = Date.UTC(2026, 0, 20, 9, 8, 7, 654);
    const content = statementContent([account([])], { asOf });
    const now = "20260120100807.654[+1]";
    expect(await texts(content, "//DTEND|//DTASOF")).toEqual([now, now]);
  });
});

describe("a transaction", () => {
  test("has these elements in this order", async () => {
    const [children] = await found(statementContent(ACCOUNTS), "//STMTTRN");
    expect(children).toEqual([
      { element: "TRNTYPE", text: "DEBIT" },
      { element: "DTPOSTED", text: "20260101105900.000[0:GMT]" },
      { element: "DTAVAIL", text: "20260102105900.000[0:GMT]" },
      { element: "TRNAMT", text: "-20.50" },
      { element: "FITID", text: "11" },
      { element: "REFNUM", text: "000123" },
      { element: "NAME", text: "Zoë Ångström" },
      { element: "MEMO", text: 'Café "Zur Post", Köln *3000' },
    ]);
  });

  test("has its bank's id, the same in every statement that holds it", async () => {
    const posted = [1, 2, 3, 4].map((n) => ({
      amount: `${n}.00`,
      transactionId: `90071992547409${n}`,
    }));
    const first = await texts(euros(...posted.slice(0, 3)), "//FITID");
    const second = await texts(euros(...posted.slice(1)), "//FITID");
    expect(first).toEqual(["900719925474091", "900719925474092", "900719925474093"]);
    expect(second.slice(0, 2)).toEqual(first.slice(1));

    const all = await texts(statementContent(ACCOUNTS), "//FITID");
    expect(new Set(all).size).toBe(22);
  });

  test("of nothing is a credit, and a reversal is one more transaction, not a correction", async () => {
    const content = euros(
      { amount: "-5.00", transactionId: "1" },
      { amount: "0.00", transactionId: "2" },
      { amount: "5.00", transactionId: "3", reversalOf: "1" },
    );
    expect(await texts(content, "//TRNTYPE")).toEqual(["DEBIT", "CREDIT", "CREDIT"]);
    expect(await texts(content, "//TRNAMT")).toEqual(["-5.00", "0.00", "5.00"]);
    expect(await texts(content, "//CORRECTFITID|//CORRECTACTION")).toEqual([]);
  });

  test.each([
    ["******7788", "Rent *7788"],
    ["****", "Rent"],
    ["DE89370400440532013000", "Rent"],
  ])("of the counterparty's account %s the memo is %j, and no account", async (account, memo) => {
    const row = { amount: "1.00", description: "Rent", counterpartyAccount: account };
    const content = euros(row);
    expect(await texts(content, "//MEMO")).toEqual([memo]);
    expect(await texts(content, "//BANKACCTTO|//CCACCTTO")).toEqual([]);
    expect(await texts(content, "//ACCTID")).toHaveLength(1);
    expect(await written(content)).not.toContain("370400440532013000");
  });
});

describe("texts", () => {
  test("a transaction is called after its counterparty, else its description, else its type", async () => {
    const type = "FEE";
    const description = "Monthly fee";
    expect(await textsOf({ type, description, counterpartyName: "Zoë" })).toEqual({
      NAME: "Zoë",
      MEMO: "Monthly fee",
    });
    expect(await textsOf({ type, description, counterpartyName: " \t" })).toEqual({
      NAME: "Monthly fee",
      MEMO: "Monthly fee",
    });
    expect(await textsOf({ type })).toEqual({ NAME: "FEE" });
    expect(await textsOf({ type: "" })).toEqual({});
  });

  test("a name beyond 32 characters ends in … and stands whole in the memo", async () => {
    const counterpartyName = "Société Générale d'Électricité 33";
    expect(await textsOf({ counterpartyName, description: "Invoice 7" })).toEqual({
      NAME: "Société Générale d'Électricité …",
      MEMO: "Société Générale d'Électricité 33 Invoice 7",
    });
    expect(await textsOf({ counterpartyName })).toMatchObject({ MEMO: counterpartyName });
    const counterpartyAccount = "****7788";
    expect(await textsOf({ counterpartyName, counterpartyAccount })).toMatchObject({
      MEMO: `${counterpartyName} *7788`,
    });
    // A description that has to stand in for a name is not said twice.
    expect(await textsOf({ description: counterpartyName })).toMatchObject({
      MEMO: counterpartyName,
    });
    const whole = counterpartyName.slice(0, 32);
    expect(await textsOf({ counterpartyName: whole })).toEqual({ NAME: whole });
  });

  test("lengths are of UTF-16 units, and an emoji is never cut in half", async () => {
    const { NAME, MEMO, REFNUM } = await textsOf({
      counterpartyName: "🍕".repeat(17),
      description: `${"🍕".repeat(127)}x`,
      reference: "🍕".repeat(16),
    });
    expect(NAME).toBe(`${"🍕".repeat(15)}…`);
    expect(MEMO).toBe(`${"🍕".repeat(17)} ${"🍕".repeat(109)}…`);
    expect(REFNUM).toBe("🍕".repeat(16));
  });

  test("what XML cannot hold is shown as U+FFFD, and a line end as a space", async () => {
    const { NAME } = await textsOf({ counterpartyName: "a\u0000b\u001bc\ud83dd\uffffe" });
    expect(NAME).toBe("a\ufffdb\ufffdc\ufffdd\ufffde");
    const { MEMO } = await textsOf({ description: " one\r\ntwo\nthree\rfour\tfive\u2028six " });
    expect(MEMO).toBe("one two three four five six");
  });

  test("what means something in XML is only text", async () => {
    const counterpartyName = `<&>"']]>&amp;&#65;`;
    expect(await textsOf({ counterpartyName })).toEqual({ NAME: counterpartyName });
  });

  test("any texts make a well-formed file whose elements are filled and not too long", async () => {
    const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
    const text = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 300 }),
      fc.string({ unit, maxLength: 300 }),
      fc.string({
        unit: fc.constantFrom(" ", "\t", "\n", "\r", "\u0085", "\u2028", "&", "<"),
        maxLength: 40,
      }),
    );
    const posted = fc.record({
      amount: fc.constant("1.00"),
      type: text,
      description: text,
      counterpartyName: text,
      reference: text,
    });
    const max: Readonly<Record<string, number>> = { NAME: 32, MEMO: 255, REFNUM: 32 };
    await fc.assert(
      fc.asyncProperty(fc.array(posted, { maxLength: 5 }), async (rows) => {
        const transactions = await found(euros(...rows), "//STMTTRN");
        expect(transactions).toHaveLength(rows.length);
        for (const { element, text: content } of transactions.flat()) {
          expect(content.trim()).not.toBe("");
          expect(content.length).toBeLessThanOrEqual(max[element] ?? 25);
        }
      }),
    );
  });
});

describe("an account's id", () => {
  test("is the bank's where OFX can hold it, up to 22 characters", async () => {
    const accountId = "DE89370400440532013000";
    const content = statementContent([account([], { accountId })]);
    expect(await texts(content, "//ACCTID")).toEqual([accountId]);
  });

  test("is a hash and its own end where it is longer, another one for every account", async () => {
    const accounts = ["FR7630006000011234567890189", "FR7630006000021234567890189"];
    const content = statementContent(accounts.map((accountId) => account([], { accountId })));
    // printf FR7630006000011234567890189 | sha256sum
    expect(await texts(content, "//ACCTID")).toEqual([
      "2847f610-1234567890189",
      "1833ae37-1234567890189",
    ]);
  });

  test("has the currency behind it where the account has several", async () => {
    const content = statementContent([
      account([{ amount: "1.00" }]),
      account([{ amount: "2" }], { currency: "JPY" }),
      account([], { accountId: "b" }),
    ]);
    expect(await texts(content, "//ACCTID")).toEqual(["a-EUR", "a-JPY", "b"]);
    expect(await texts(content, "//STMTRS[CURDEF='JPY']//TRNAMT")).toEqual(["2"]);
  });
});

test("an account in a currency is never taken for another account that is called so", async () => {
  const several = [account([]), account([], { currency: "JPY" })];
  const other = account([], { accountId: "a-EUR" });
  const ids = await texts(statementContent([...several, other]), "//ACCTID");
  // printf '["a","EUR"]' | sha256sum
  expect(ids).toEqual(["58bd1086-a-EUR", "a-JPY", "a-EUR"]);
  // One that has several itself is called otherwise, and leaves the name.
  const too = account([], { accountId: "a-EUR", currency: "USD" });
  expect(await texts(statementContent([...several, other, too]), "//ACCTID")).toEqual([
    ...["a-EUR", "a-JPY", "a-EUR-EUR", "a-EUR-USD"],
  ]);
});

test("the same content is the same bytes", async () => {
  expect(await written(statementContent(ACCOUNTS))).toBe(await written(statementContent(ACCOUNTS)));
});

test("rows that were not proved end the file with their error", async () => {
  const content = euros({ amount: "1.00" });
  const failing: StatementContent = {
    ...content,
    async *rowsOf(of) {
      yield* content.rowsOf(of);
      throw new Error("not proved");
    },
  };
  await expect(written(failing)).rejects.toThrow("not proved");
});

test("the bank is what the installation calls it, else unknown", async () => {
  const content = euros({ amount: "1.00" });
  expect(await texts(content, "//BANKID")).toEqual(["UNKNOWN"]);
  const named = { ...content, facts: { ...content.facts, bankId: "37040044" } };
  expect(await texts(named, "//BANKID")).toEqual(["37040044"]);
});
