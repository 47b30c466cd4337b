/** statement.pdf as programs read it that were written without us: poppler and qpdf. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { Manifest } from "../../functions/domain/manifest.ts";
import type { TypeWords } from "../../functions/domain/statement-facts.ts";
import type { Language } from "../../functions/domain/statement-options.ts";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { makePdfFormat, pdf } from "../../functions/statement-builder/formats/pdf/pdf.ts";
import { readLogo } from "../../functions/statement-builder/formats/pdf/pdf-logo.ts";
import type { StatementContent } from "../../functions/statement-builder/formats/statement-format.ts";
import { BANK_SCHEMA } from "../support/bank/bank-schema.ts";
import { LOGO_SVG } from "../support/statements/logos.ts";
import { withMariaDb } from "../support/servers/mariadb.ts";
import { poppler, qpdf, readPdf, type ReadPdf } from "../support/programs/pdf-programs.ts";
import { chunks, JANUARY } from "../support/statements/sample-statement.ts";
import {
  ACCOUNTS,
  statementContent,
  type Posted,
} from "../support/statements/statement-content.ts";
import {
  factsOf,
  insertAccount,
  insertPostings,
  readTransactions,
  run,
  statementZip,
  withZipFile,
} from "../support/statements/statement.ts";

const read = async (content: StatementContent, format = pdf): Promise<ReadPdf> =>
  await readPdf(await buffer(format.write(content)));
/** Without the places of words, and the marks that poppler puts around what runs from right to left. */
const flat = (text: string): string => text.replace(/[\u202A-\u202C]/g, "").replace(/\s+/g, " ");

const rent = (n: number): Posted => ({
  amount: n % 5 === 0 ? "1234.56" : "-1000.10",
  description: `Rent of month ${n}`,
  counterpartyName: "Hausverwaltung Żółw",
  reference: `R-${n}`,
});
const LONG: StatementContent = statementContent([
  {
    accountId: "acme-1",
    currency: "EUR",
    opening: "10.00",
    posted: [...Array(90).keys()].map(rent),
  },
]);

describe("a statement over several pages", () => {
  let document: ReadPdf;
  beforeAll(async () => {
    document = await read(LONG);
  });

  test("is a tagged document with title, language and its own fonts", () => {
    const { info, fonts } = document;
    expect(info.get("Title")).toBe("Account statement · acme-42 · 2026-01-01 – 2026-01-31");
    expect(info.get("Subject")).toMatch(/^acme-42-\d+-\d+-\d{13}$/);
    expect(info.get("CreationDate")).toBe("2026-01-02T00:00:00Z");
    expect(info.get("Tagged")).toBe("yes");
    expect(info.get("PDF version")).toBe("1.7");
    expect(fonts).toHaveLength(2);
    for (const font of fonts)
      expect(font).toMatch(/NotoSans-\w+ +CID TrueType +Identity-H +yes yes yes/);
  });

  test("says on each page which of how many it is, under the table's head", () => {
    const { pages, info } = document;
    // A cover and three pages of some thirty rows.
    expect(pages).toHaveLength(4);
    expect(pages).toHaveLength(Number(info.get("Pages")));
    pages.forEach((page, index) => {
      expect(flat(page)).toContain(`Page ${index + 1} of ${pages.length} `);
      if (index > 0) expect(flat(page)).toContain("Booked Value date Details Amount Balance");
    });
  });

  test("names its account and period on each page of an account, and carries the balance from page to page", () => {
    const [, ...pages] = document.pages.map(flat);
    for (const page of pages)
      expect(page).toMatch(
        /^ ?Account statement · acme-42 · Account acme-1 · EUR · 1 January 2026 – 31 January 2026 /,
      );
    const carried = pages.flatMap((page) =>
      [...page.matchAll(/(Carried|Brought) forward ([−\d,.]+)/g)].map(([, which, sum]) => [
        which,
        sum,
      ]),
    );
    expect(carried.map(([which]) => which)).toEqual(["Carried", "Brought", "Carried", "Brought"]);
    expect(carried[1]?.[1]).toBe(carried[0]?.[1]);
    expect(carried[3]?.[1]).toBe(carried[2]?.[1]);
    // For the eye alone, as the head is.
    expect(document.structure).not.toContain("forward");
  });

  test("says a day once, and again on top of a page", () => {
    const days = new Set(document.pages.join(" ").match(/\d\d Jan 2026/g));
    const dates = document.pages.map(
      (page) => page.match(/^ *\d\d Jan 2026 +\d\d Jan 2026/gm) ?? [],
    );
    // 90 hours from 8 o'clock are five days in UTC.
    expect(days.size).toBe(5);
    expect(dates.flat().length).toBeLessThanOrEqual(days.size + 2);
    for (const page of dates.slice(1)) expect(page.length).toBeGreaterThan(0);
  });

  test("shows every row once, in its order, between opening and closing balance", () => {
    const text = flat(document.pages.join(" "));
    const months = [...text.matchAll(/Rent of month (\d+)/g)].map(([, n]) => Number(n));
    expect(months).toEqual([...Array(90).keys()]);
    expect(text).toContain("Opening balance on 1 January 2026 10.00");
    // 18 of 1234.56 and 72 of 1000.10.
    expect(text).toContain("Total of credits (18) +22,222.08");
    expect(text).toContain("Total of debits (72) −72,007.20");
    expect(text).toContain("Closing balance on 31 January 2026 −49,775.12");
  });

  test("gives a screen reader headings and tables, and no head or foot of a page", () => {
    const { structure } = document;
    expect(structure).toMatch(/^Document\n {2}Sect\n {4}H1 \(block\)\n {6}"Account statement"/);
    expect(structure.match(/^ *H2 /gm)).toHaveLength(2);
    expect(structure.match(/^ *Table /gm)).toHaveLength(3);
    expect(structure.match(/^ *TH/gm)).toHaveLength(6 + 7 + 5);
    expect(structure.match(/\/Scope \/Column/g)).toHaveLength(12);
    // Opening, 90 rows, two sums, closing.
    expect(structure.match(/^ *TR$/gm)).toHaveLength(6 + 2 + 1 + 94);
    expect(structure).not.toContain("Page 2 of");
    expect(flat(structure)).toContain("Hausverwaltung Żółw Rent of month 7 ");
  });
});

/** Of an object of a document, as qpdf reads it. */
type Dictionary = Readonly<Record<string, unknown>>;

test("leads from each content of a page to its element, and back", async () => {
  const bytes = await buffer(pdf.write(LONG));
  await withZipFile(bytes, async (_, file) => {
    const { stdout } = await (await qpdf()).run("--json=2", "--json-key=qpdf", file);
    const { qpdf: parts } = JSON.parse(stdout) as { readonly qpdf: readonly Dictionary[] };
    const objects = parts[1] as Readonly<Record<string, { readonly value?: unknown }>>;
    const at = (reference: unknown) => objects[`obj:${String(reference)}`]?.value;
    const ofType = (type: string): Dictionary[] =>
      Object.entries(objects)
        .map(([id, { value }]) => ({ id: id.slice(4), ...(value as Dictionary) }))
        .filter((one: Dictionary) => one["/Type"] === type);
    const [tree] = ofType("/StructTreeRoot");
    const { "/Nums": numbers } = at(tree?.["/ParentTree"]) as { "/Nums": readonly unknown[] };
    const pages = ofType("/Page");
    expect(pages).toHaveLength(4);
    for (const page of pages) {
      const place = numbers.indexOf(page["/StructParents"]);
      const elements = (at(numbers[place + 1]) as unknown[]).map(at) as Dictionary[];
      expect(elements.length).toBeGreaterThan(10);
      expect(elements.map((one) => one["/K"])).toEqual([...elements.keys()]);
      expect(new Set(elements.map((one) => one["/Pg"]))).toEqual(new Set([page["id"]]));
    }
  });
});

test("names customer and period on each further page of a long cover", async () => {
  const accounts = Array.from({ length: 80 }, (_, n) => {
    return { accountId: `acme-${n}`, currency: "EUR", posted: [] };
  });
  const { pages } = await read(statementContent(accounts));
  const header = "Account statement · acme-42 · 1 January 2026 – 31 January 2026 ";
  const [first = "", ...more] = pages.map((page) => flat(page).trimStart());
  expect(first.startsWith(header)).toBe(false);
  const cover = more.findIndex((page) => page.includes("Opening balance on"));
  expect(cover).toBeGreaterThan(1);
  for (const page of more.slice(0, cover)) expect(page.startsWith(header)).toBe(true);
});

test("sums up each month of several, by what the period counts by", async () => {
  const posted = [
    "2026-01-31T22:00",
    "2026-01-31T23:30",
    "2026-02-28T12:00",
    "2026-04-01T08:00",
  ].map((at, n): Posted => ({ amount: n === 0 ? "10.00" : "-1.50", postedAt: `${at}:00.000000Z` }));
  const dates = { startDate: "2026-01-01", endDate: "2026-04-30", timeZone: "Europe/Berlin" };
  const of = async (basis: "booking_date" | "posted_at") => {
    const facts = factsOf({ customerId: "acme-42", ...dates, basis });
    const account = { accountId: "a", currency: "EUR", opening: "1.00", posted };
    return flat((await read(statementContent([account], { facts }))).pages.join(" "));
  };
  // Booked on 31 January; posted on 1 February in Berlin.
  const booked = await of("booking_date");
  expect(booked).toContain("Total for January 2026 +8.50 9.50 Credits +10.00 · Debits −1.50");
  expect(booked).toContain("Total for February 2026 −1.50 8.00");
  expect(booked).not.toContain("March 2026");
  expect(booked).toContain("Total for April 2026 −1.50 6.50");
  const byInstant = await of("posted_at");
  expect(byInstant).toContain("Total for January 2026 +10.00 11.00");
  expect(byInstant).toContain("Total for February 2026 −3.00 8.00");
});

test("gives no line to a text that says nothing, and one line to a name and a text that fit", async () => {
  const row = { amount: "-1.00", counterpartyName: "Metro", description: " Bread  " };
  const posted = [
    row,
    { ...row, description: "-" },
    { ...row, description: "  ", counterpartyName: "." },
  ];
  const { pages } = await read(statementContent([{ accountId: "a", currency: "EUR", posted }]));
  const lines = (pages[1] ?? "").split("\n").filter((line) => line.trim() !== "");
  const from = lines.findIndex((line) => line.includes("Opening balance"));
  expect(lines.slice(from + 1, from + 6).map(flat)).toEqual([
    expect.stringMatching(/Jan 2026 Metro Bread −1.00/),
    expect.stringMatching(/^ Credit transfer/),
    expect.stringMatching(/Jan 2026 Metro −1.00/),
    expect.stringMatching(/^ Credit transfer/),
    expect.stringMatching(/Jan 2026 Credit transfer .* −1.00/),
  ]);
});

test("names the bank, the account and its owner, where they are known, and leaves no hole where not", async () => {
  const iban = "HU42117730161111101800000000";
  const names = { iban, product: "Tagesgeld", owner: "Zoë Ångström" };
  const bank = {
    name: "Musterbank AG",
    bic: "COBADEFFXXX",
    address: ["Kaiserplatz 1", "60311 Frankfurt"],
    legal: ["HRB 32000"],
    colour: "#7A1F3D",
  };
  const accounts = ["acme-1", "acme-2"].map((accountId) => ({
    accountId,
    currency: "EUR",
    posted: [],
  }));
  const content = statementContent(accounts);
  const totals = content.totals.map((one, at) => (at === 0 ? { ...one, names } : one));
  const facts = { ...content.facts, bank };
  const { pages, structure } = await read({ ...content, totals, facts });
  const [cover = "", rows = ""] = pages.map(flat);
  expect(cover).toContain(
    "Musterbank AG Kaiserplatz 1 · 60311 Frankfurt · BIC COBADEFFXXX Account statement",
  );
  expect(cover).toContain("Account holder Zoë Ångström Customer acme-42");
  expect(cover).toContain(`${iban} EUR 0.00`);
  expect(cover).toContain("acme-2 EUR 0.00");
  expect(cover).toContain("HRB 32000");
  expect(rows).toMatch(new RegExp(`^ ?Account statement · acme-42 · Account ${iban} · EUR`));
  expect(rows).toContain(`Account ${iban} · EUR Zoë Ångström · Tagesgeld · acme-1 Booked`);
  expect(rows).toContain("Account acme-2 · EUR Booked");
  expect(structure).not.toContain("undefined");
});

test("has the names of an account one behind the other, whichever way each is read", async () => {
  const names = { owner: "محمد بن سالم", name: "Ferienhaus", product: "حساب" };
  const posted = [{ amount: "1.00" }];
  const content = statementContent([{ accountId: "4711-2", currency: "EUR", posted }]);
  const totals = content.totals.map((one) => Object.assign(one, { names }));
  const bytes = await buffer(pdf.write({ ...content, totals }));
  await withZipFile(bytes, async (_, file) => {
    // From the left, as they stand; of what runs from right to left the letters as well.
    const { stdout } = await (await poppler("pdftotext")).run("-bbox", "-f", "2", file, "-");
    const words = [...stdout.matchAll(/<word .*>(.*)<\/word>/g)].map(([, word]) => word);
    const fromLeft = (word: string) => Array.from(word).reverse().join("");
    expect(words.join(" ")).toMatch(
      new RegExp(`${fromLeft("محمد بن سالم")} .*Ferienhaus.* ${fromLeft("حساب")}`),
    );
  });
});

test("has the bank's logo on its cover, which says the bank's name to a screen reader", async () => {
  await withZipFile(Buffer.from(LOGO_SVG), async (_, file) => {
    const logo = await readLogo(file);
    const bank = { name: "Bank of Oslo", address: ["Storgata 1"], legal: [], logo };
    const content = { ...LONG, facts: { ...LONG.facts, bank } };
    const bytes = await buffer(pdf.write(content));
    expect((await buffer(pdf.write(content))).equals(bytes)).toBe(true);
    const { structure } = await readPdf(bytes);
    expect(structure).toMatch(
      /^Document\n {2}Sect\n {4}Figure:\n +\/Placement \/Block\n +\/BBox \[42 749\.89 174 793\.89\]\n/,
    );
    await writeFile(file, bytes);
    const { stdout: list } = await (await poppler("pdfimages")).run("-list", file);
    const [, , ...images] = list.trimEnd().split("\n");
    expect(images).toEqual([expect.stringMatching(/^ +1 +0 image +528 +176 +rgb /)]);
    const { stdout: objects } = await (await qpdf()).run("--qdf", file, "-");
    expect(objects.match(/\/Alt .*/g)).toEqual(["/Alt (Bank of Oslo)"]);
  });
});

test("tells types of transactions in words, the bank's own where it has a table", async () => {
  const posted = ["CARD_PAYMENT", "SEPA_X", "constructor"].map((type): Posted => ({
    amount: "-1.00",
    type,
  }));
  const of = async (typeWords?: TypeWords): Promise<string> => {
    const content = statementContent([{ accountId: "a", currency: "EUR", posted }], {
      language: "de",
    });
    const facts = { ...content.facts, typeWords };
    return flat((await read({ ...content, facts })).pages.join(" "));
  };
  const [ours, own] = [
    await of(),
    await of({ SEPA_X: { de: "Eilüberweisung" }, CARD_PAYMENT: {} }),
  ];
  for (const words of ["Kartenzahlung · Nr.", "SEPA_X · Nr.", "constructor · Nr."])
    expect(ours).toContain(words);
  for (const words of ["CARD_PAYMENT · Nr.", "Eilüberweisung · Nr."]) expect(own).toContain(words);
});

const IN_LANGUAGES: Readonly<Record<Language, readonly string[]>> = {
  en: ["Account statement", "1 January 2026 – 31 January 2026", "Page 1 of 2", "1,234.56"],
  de: ["Kontoauszug", "1. Januar 2026 – 31. Januar 2026", "Seite 1 von 2", "1.234,56"],
  fr: ["Relevé de compte", "1er janvier 2026 – 31 janvier 2026", "Page 1 sur 2", "1 234,56"],
  es: ["Extracto de cuenta", "1 de enero de 2026", "Página 1 de 2", "1.234,56"],
  it: ["Estratto conto", "1º gennaio 2026 – 31 gennaio 2026", "Pagina 1 di 2", "1.234,56"],
  pl: ["Wyciąg z rachunku", "1 stycznia 2026 – 31 stycznia 2026", "Strona 1 z 2", "1 234,56"],
};

test.each(Object.entries(IN_LANGUAGES))("speaks %s", async (language, expected) => {
  const content = statementContent([{ accountId: "acme-1", currency: "EUR", posted: [rent(0)] }], {
    language: language as Language,
  });
  const text = flat((await read(content)).pages.join(" "));
  for (const words of expected) expect(text).toContain(words);
});

test("says what is special about it: provisional, a replacement, and not all rows", async () => {
  const options = { partial: true, supersedes: "acme-42-1-2-3" };
  const facts = factsOf({ ...JANUARY, options });
  const { pages } = await read({ ...LONG, facts, asOf: facts.period.to - 1 }, makePdfFormat(30));
  const [cover = "", ...rest] = pages.map(flat);
  expect(cover).toContain("Provisional: the period was not over");
  expect(cover).toContain("This statement replaces statement acme-42-1-2-3.");
  expect(cover).toContain("This document shows 30 of 90 transactions.");
  const text = rest.join(" ");
  expect([...text.matchAll(/Rent of month (\d+)/g)]).toHaveLength(30);
  expect(text).toContain("Transactions of this account that are not shown here: 60.");
  expect(text).toMatch(/This document shows 30 of 90 transactions\. .* End of the statement/);
  // Of all rows, as before.
  expect(text).toContain("Closing balance on 31 January 2026 −49,775.12");
});

test("prints any text, and copies letters that its fonts lack as they are", async () => {
  const hebrew = { amount: "-1.00", description: "משה כהן" };
  const account = { accountId: "acme-5", currency: "EUR", posted: [hebrew] };
  const document = await read(statementContent([...ACCOUNTS, account]));
  const text = flat(document.pages.join(" "));
  for (const printed of [
    `<Smith & "Sons"> 'O'Brien' ]]> &amp; <!-- -->`,
    "control [U+0000][U+0001][U+000B][U+001B][U+007F] and [U+FFFE] [U+FFFF]",
    "日本電力株式会社 مصرف البحرين",
    "משה כהן",
    "lone [U+D83D] surrogate [U+DE00]",
    "Αθηναϊκή Αγορά ΐ",
    "Книжный магазин Ёё",
    "pizza 🍕, flag 🇬🇷",
    "Zoë ä Łukasz Żółć Straße",
    "+12,345,678,901,234,567,890.123",
    "(full text in transactions.csv)",
    "No transactions in this period.",
    "A character that cannot be printed stands here as its Unicode number",
  ])
    expect(text).toContain(printed);
  expect(document.structure).not.toContain("undefined");
});

test("says where a text is whole that is cut, one that ends with an ellipsis of its own too, and of no other", async () => {
  const shown = async (description: string) => {
    const posted = [{ amount: "-1.00", description }];
    const { pages } = await read(statementContent([{ accountId: "a", currency: "EUR", posted }]));
    return flat(pages[1] ?? "");
  };
  const whole = "full text in transactions.csv";
  expect(await shown(`${"word ".repeat(400)}…`)).toContain(whole);
  expect(await shown(`${"w".repeat(100_000)}…`)).toContain(whole);
  expect(await shown("Rent, and so on…")).not.toContain(whole);
});

test("prints a word that ends with a mark, and all that stands behind it", async () => {
  // From right to left the mark is the first glyph, and does not stand on the line.
  const name = "\u0645\u064F\u062D\u064E\u0645\u0651\u064E\u062F\u064C";
  const posted = [name, "Rent"].map((description) => ({ amount: "-1.00", description }));
  const { pages } = await read(statementContent([{ accountId: "a", currency: "EUR", posted }]));
  const text = flat(pages[1] ?? "");
  const letters = /2026 05 Jan 2026 ([^−]*) −1\.00 −1\.00/.exec(text)?.[1]?.replaceAll(" ", "");
  expect(Array.from(letters ?? "").sort()).toEqual(Array.from(name).sort());
  expect(text).toContain("Rent −1.00 −2.00 ");
});

test("prints marks that the font has no place for", async () => {
  const text = "\u0E2C\u0E38\u0E31";
  const posted = [`${text} baht`, "Rent"].map((description) => ({ amount: "-1.00", description }));
  const { pages } = await read(statementContent([{ accountId: "a", currency: "EUR", posted }]));
  expect(flat(pages[1] ?? "")).toContain(`${text} baht −1.00 −1.00 `);
  expect(flat(pages[1] ?? "")).toContain("Rent −1.00 −2.00 ");
});

test("a statement of a real database holds it, proved and listed like the rest of the zip", async () => {
  await withMariaDb(
    async (server) => {
      await server.execute(insertAccount("giro") + insertAccount("dinars", "BHD"));
      await server.execute(
        insertPostings(
          {
            id: 1,
            account: "giro",
            at: "2025-01-02 10:00:00.000000",
            amount: "1500.00",
            balance: "1500.00",
            name: "Zoë & Co",
          },
          {
            id: 2,
            account: "giro",
            at: "2025-01-03 10:00:00.000000",
            amount: "-20.50",
            balance: "1479.50",
            counterparty: "GB29NWBK60161331926819",
          },
          {
            id: 3,
            account: "dinars",
            currency: "BHD",
            at: "2025-01-04 10:00:00.000000",
            amount: "-0.005",
            balance: "-0.005",
          },
        ),
      );
      await using transactions = readTransactions(server.databaseUrl);
      const zip = await statementZip(transactions, {
        customerId: "c1",
        startDate: "2025-01-01",
        endDate: "2025-01-31",
        // Another format behind it reads the same connection.
        options: { formats: ["csv", "pdf", "jsonl"], language: "de" },
      });
      expect(await verifyStatement(chunks(zip))).toMatchObject({ ok: true });

      await withZipFile(zip, async (folder, file) => {
        await run("unzip", ["-q", file, "-d", folder]);
        const json = await readFile(join(folder, "manifest.json"), "utf8");
        const { files, totals } = JSON.parse(json) as Manifest;
        expect(files).toContainEqual(
          expect.objectContaining({
            path: "statement.pdf",
            media_type: "application/pdf",
            rows: null,
          }),
        );
        const { pages } = await readPdf(await readFile(join(folder, "statement.pdf")));
        const [cover = ""] = pages.map(flat);
        for (const { account_id, currency, opening, credits, debits, net, closing } of totals) {
          const sums = [opening, credits.sum, `-${debits.sum}`, net, closing].map(german);
          expect(cover.replaceAll("+", "")).toContain(
            `${account_id} ${currency} ${sums.join(" ")}`,
          );
        }
        expect(totals).toHaveLength(2);
        const text = flat(pages.join(" "));
        expect(text).toContain("Zoë & Co");
        expect(text).toContain("****6819");
        expect(text).not.toContain("NWBK");
      });
    },
    { schema: BANK_SCHEMA },
  );
});

/** A decimal of the manifest as a German reads it; the plus of a movement is left out of the comparison. */
function german(decimal: string): string {
  const [whole = "", fraction = ""] = decimal.replace("-", "").split(".");
  return `${decimal.startsWith("-") ? "−" : ""}${whole.replace(/\B(?=(\d{3})+$)/g, ".")},${fraction}`;
}
