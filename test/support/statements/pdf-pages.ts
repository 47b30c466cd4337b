/** Makes the pictures of statement.pdf that the formats' README shows: `node test/support/statements/pdf-pages.ts`. */
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { statementPeriod } from "../../../functions/domain/statement-period.ts";
import type { Language } from "../../../functions/domain/statement-options.ts";
import { readLogo } from "../../../functions/statement-builder/formats/pdf/pdf-logo.ts";
import { pdf } from "../../../functions/statement-builder/formats/pdf/pdf.ts";
import { LOGO_SVG } from "./logos.ts";
import { poppler } from "../programs/pdf-programs.ts";
import { statementContent, type Posted } from "./statement-content.ts";
import { withZipFile } from "./statement.ts";

const PAGES = new URL("../../../functions/statement-builder/formats/pdf/pages/", import.meta.url)
  .pathname;
const NAMES = [
  ...["Hausverwaltung Schmidt", "محمد بن سالم", "Παπαδόπουλος", "Zoë Ångström", "김철수"],
  ...["日本電力株式会社", "राजेश कुमार", "Stadtwerke München", "สมชาย ใจดี", "שרה כהן"],
  "شركة البحرين للاتصالات",
];
const TYPES = ["CREDIT_TRANSFER", "CARD_PAYMENT", "DIRECT_DEBIT", "FEE", "INTEREST"];
const TEXTS = ["Rechnung 20260", "Kundennummer 4711-", "مدفوعات الفاتورة رقم "];

const posted = (n: number): Posted => ({
  amount: n % 7 === 0 ? `${1_000 + n}.19` : `-${13 * (1 + (n % 15))}.50`,
  bookingDate: new Date(Date.UTC(2026, 0, 2 + Math.floor(n / 2))).toISOString().slice(0, 10),
  type: TYPES[n % TYPES.length] ?? "",
  counterpartyName: NAMES[n % NAMES.length] ?? null,
  counterpartyAccount: `${"*".repeat(18)}${1_000 + n}`,
  description:
    n % 8 === 4
      ? `Rechnung 2026${n}, Kundennummer 4711-${n}, vielen Dank für Ihren Auftrag vom letzten Monat`
      : `${TEXTS[n % 9 === 1 ? 2 : n % 2] ?? ""}${n}`,
  reference: n % 3 === 0 ? `RF18${n}` : null,
});

async function pagesOf(language: Language, folder: string): Promise<(page: number) => string> {
  const logo = join(folder, "logo.svg");
  await writeFile(logo, LOGO_SVG);
  const content = statementContent([
    {
      ...{ accountId: "4711-1", currency: "EUR", opening: "1234.56" },
      posted: Array.from({ length: 120 }, (_, n) => posted(n)),
    },
    {
      ...{ accountId: "4711-2", currency: "EUR", opening: "-20.00" },
      posted: Array.from({ length: 30 }, (_, n) => posted(n)),
    },
  ]);
  const named = [
    {
      iban: "DE89370400440532013000",
      name: "Haushalt",
      product: "Girokonto Komfort",
      owner: "Zoë Ångström",
    },
    { iban: "HU42117730161111101800000000", name: "Ferienhaus", owner: "محمد بن سالم" },
  ];
  const totals = content.totals.map((one, n) => Object.assign(one, { names: named[n] }));
  const days = { startDate: "2026-01-01", endDate: "2026-03-31", timeZone: "Europe/Berlin" };
  const bank = {
    ...{ name: "Musterbank AG", bic: "COBADEFFXXX", colour: "#17406D", logo: await readLogo(logo) },
    address: ["Kaiserplatz 1", "60311 Frankfurt am Main"],
    legal: ["Amtsgericht Frankfurt am Main, HRB 32000 · USt-IdNr. DE114103514"],
  };
  const period = statementPeriod({ ...days, basis: "booking_date" });
  const generatedAt = Date.UTC(2026, 3, 2);
  const facts = { ...content.facts, period, bank, generatedAt };
  const statement = { ...content, totals, language, facts, asOf: Date.UTC(2026, 3, 1, 4) };
  const file = join(folder, `${language}.pdf`);
  await writeFile(file, await buffer(pdf.write(statement)));
  await (await poppler("pdftoppm")).run("-r", "72", "-png", file, join(folder, language));
  return (page) => join(folder, `${language}-${page}.png`);
}

await withZipFile(Buffer.alloc(0), async (folder) => {
  const [german, english] = [await pagesOf("de", folder), await pagesOf("en", folder)];
  for (const [from, to] of [
    [german(1), "cover-de"],
    [german(2), "account-de"],
    [english(6), "account-en"],
  ] as const) {
    await copyFile(from, join(PAGES, `${to}.png`));
  }
});
