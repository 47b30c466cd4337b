/**
 * What people pay for and whom: ordinary names, and those that break careless CSV writers and
 * spreadsheets (quotes, delimiters, line ends, formulas, full-width signs, other scripts).
 */

export interface Counterparty {
  readonly name: string;
  readonly account: string;
}

const NAMES = [
  "Stadtwerke Köln GmbH",
  "Müller & Söhne OHG",
  "Société Générale d'Électricité",
  "Bäckerei Groß",
  "Zoë Ångström",
  "Łukasz Żółć",
  "Café „Zur Post“",
  'Garage "Chez Marcel", Lyon',
  "O'Brien, Murphy & Partners",
  "Smith; Jones; Sons",
  "Hausverwaltung Nord\nObjekt 12, Hof links",
  "Ferien\r\nwohnung Seeblick",
  "Pizza 🍕 Express",
  "👩‍💻 Freelance Collective",
  "日本電力株式会社",
  "مصرف البحرين",
  "Αθηναϊκή Αγορά",
  "Книжный магазин",
  '=HYPERLINK("http://example.invalid";"refund")',
  "+49 30 5550100 Taxi",
  "-50% Outlet",
  "@home delivery",
  "\tTabbed Trading Ltd",
  "＝SUM（A1:A9） KK",
  " Leading Space Ltd ",
  "NULL",
  "00042",
  "Back\\slash Ltd",
  "Metro Market 24h",
  "City Transport Authority",
  "Green Grocer Ltd",
  "Northwind Insurance plc",
  "Blue Sky Airlines",
  "Corner Pharmacy",
  "Open Air Cinema",
  "Harbour Gym",
] as const;

export const COUNTERPARTIES: readonly Counterparty[] = NAMES.map((name, index) => ({
  name,
  account: iban(index + 1),
}));

/** A German IBAN with right check digits (ISO 13616: mod 97 of the rearranged digits is 1). */
function iban(n: number): string {
  const bban = `10050000${String(n * 7_919).padStart(10, "0")}`;
  const check = 98n - (BigInt(`${bban}131400`) % 97n);
  return `DE${String(check).padStart(2, "0")}${bban}`;
}

export interface PaymentKind {
  readonly type: string;
  readonly direction: "credit" | "debit";
  /** Largest amount in euros; the other currencies follow their rate. */
  readonly upTo: number;
  readonly descriptions: readonly string[];
  readonly counterparty: boolean;
}

export const INCOMING: PaymentKind = {
  type: "CREDIT_TRANSFER",
  direction: "credit",
  upTo: 4_000,
  descriptions: ["Salary", "Invoice {n}", "Rent, flat {n}", "Thanks! 🎉", "=1+1 (as agreed)"],
  counterparty: true,
};

/** Each is as likely as the others; the common ones stand here more than once. */
export const PAYMENT_KINDS: readonly PaymentKind[] = [
  INCOMING,
  INCOMING,
  ...Array.from<PaymentKind>({ length: 4 }).fill({
    type: "CARD_PAYMENT",
    direction: "debit",
    upTo: 180,
    descriptions: ["Card 4711, terminal {n}", 'Groceries, "fresh"', "Online order {n}"],
    counterparty: true,
  }),
  {
    type: "DIRECT_DEBIT",
    direction: "debit",
    upTo: 250,
    descriptions: ["Electricity\nmeter {n}", "Insurance; policy {n}", "Phone +49 30 {n}"],
    counterparty: true,
  },
  {
    type: "CREDIT_TRANSFER",
    direction: "debit",
    upTo: 1_500,
    descriptions: ["Rent", "Invoice {n}, 2 % discount", "Für die Übernachtung", "-"],
    counterparty: true,
  },
  {
    type: "CASH_WITHDRAWAL",
    direction: "debit",
    upTo: 400,
    descriptions: ["Cash machine {n}"],
    counterparty: false,
  },
  { type: "FEE", direction: "debit", upTo: 15, descriptions: ["Monthly fee"], counterparty: false },
  {
    type: "INTEREST",
    direction: "credit",
    upTo: 20,
    descriptions: ["Interest"],
    counterparty: false,
  },
  // Card checks book nothing, and are rows all the same.
  {
    type: "CARD_CHECK",
    direction: "debit",
    upTo: 0,
    descriptions: ["Card check"],
    counterparty: true,
  },
];
