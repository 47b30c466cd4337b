/** Payments as they read in a real ledger: names that come back, references that never do. */
import { pick, type Random } from "../../../infra/local/cluster/sample-bank/random.ts";

export interface PaymentText {
  readonly type: string;
  readonly credit: boolean;
  /** Amounts are spread over three powers of ten up to this many cents. */
  readonly upTo: number;
  readonly description: string;
  readonly name: string | null;
  readonly account: string | null;
  readonly reference: string | null;
}

const words = (text: string): readonly string[] => text.trim().split(/\s*\|\s*/);

const FIRST_NAMES = words(`Anna|Ben|Clara|David|Elif|Felix|Greta|Hannah|Ivan|Jana|Karl|Léa|Maja|
  Noah|Olivia|Paul|Quentin|Rosa|Sofía|Tomás|Uta|Victor|Wiebke|Yusuf|Zoë|Łukasz|Björn|François`);
const LAST_NAMES = words(`Schmidt|Müller|Weber|Schulz|Becker|Hoffmann|Koch|Richter|Klein|Wolf|
  Neumann|Schwarz|Zimmermann|Braun|Krüger|Hofmann|Lange|Werner|Krause|Lehmann|Garcia|Rossi|Dubois|
  Nowak|Yılmaz|Jensen|O'Brien|van den Berg|Žáková|Papadopoulos|Smith|Jones|Taylor|Brown|Wilson`);
const TRADES =
  words(`Bäckerei|Autohaus|Elektro|Gebäudetechnik|Apotheke|Reisebüro|Metallbau|Druckerei|
  Logistik|Immobilien|Weinhandel|Software|Catering|Versicherungen|Spedition|Gartenbau`);
const FORMS = words(`GmbH|AG|e.K.|GmbH & Co. KG|Ltd|S.A.|OHG|Inc.|plc`);
const SHOPS = words(`REWE SAGT DANKE|EDEKA|LIDL DIENSTLEISTUNG|ALDI SUED|DM FIL|ROSSMANN|SHELL|ARAL|
  AMZN Mktp DE|PAYPAL *SPOTIFY|DB VERTRIEB GMBH|IKEA DT|MEDIA MARKT|H+M|ZARA|STARBUCKS|BURGER KING|
  UBER *TRIP|BOOKING.COM|TK MAXX|DECATHLON|OBI BAU- UND HEIMWERKER|SATURN|FLIXBUS`);
const TOWNS = words(`Berlin|Hamburg|München|Köln|Frankfurt|Stuttgart|Düsseldorf|Leipzig|Dortmund|
  Essen|Bremen|Dresden|Hannover|Nürnberg|Duisburg|Bochum|Wuppertal|Bielefeld|Bonn|Münster|Wien|
  Zürich|Paris|London|Amsterdam|Kraków`);
const MONTHS = words(`Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|
  Dezember`);

const COUNTERPARTIES = 20_000;

export function makePaymentTexts(random: Random) {
  const parties = Array.from({ length: COUNTERPARTIES }, () => ({
    name: partyName(random),
    account: iban(random),
  }));
  const digits = (count: number): string =>
    String(Math.floor(random() * 10 ** count)).padStart(count, "0");
  /** A few are paid often, most seldom. */
  const party = () =>
    parties[Math.floor(COUNTERPARTIES * random() ** 3)] ?? { name: "", account: "" };
  const code = (): string =>
    Math.floor(random() * 36 ** 8)
      .toString(36)
      .toUpperCase()
      .padStart(8, "0");

  function reference(): string | null {
    const kind = random();
    if (kind < 0.12) return null;
    return kind < 0.3 ? digits(12) : `E2E-${code()}${kind < 0.8 ? digits(8) : ""}`;
  }

  return (date: string): PaymentText => {
    const kind = random();
    const shared = { reference: reference() };
    if (kind < 0.5) {
      const shop = pick(random, SHOPS);
      const town = pick(random, TOWNS);
      return {
        ...shared,
        type: "CARD_PAYMENT",
        credit: false,
        upTo: 30_000,
        description: `${shop} ${digits(4)}//${town}/DE ${date} Terminal ${digits(8)} Karte ${digits(4)}`,
        name: `${shop} ${town}`,
        account: party().account,
      };
    }
    const { name, account } = party();
    if (kind < 0.72) {
      const month = MONTHS[Number(date.slice(5, 7)) - 1] ?? "";
      return {
        ...shared,
        type: "DIRECT_DEBIT",
        credit: false,
        upTo: 90_000,
        name,
        account,
        description: `Mandat MREF${digits(9)} Vertrag ${digits(8)} Abschlag ${month} ${date.slice(0, 4)}`,
      };
    }
    if (kind < 0.97) {
      const credit = kind > 0.84;
      const quoted = random() < 0.06;
      const text = quoted ? `"Danke, ${pick(random, FIRST_NAMES)}!"` : "Zahlung";
      return {
        ...shared,
        type: "CREDIT_TRANSFER",
        credit,
        upTo: credit ? 600_000 : 400_000,
        name,
        account,
        description: `${text} Rechnung RE-${date.slice(0, 4)}-${digits(6)} vom ${date}`,
      };
    }
    const odd = pick(random, ["Monatliches Entgelt", "=1+1 (Vorschlag)", "Zinsen\nlt. Abrechnung"]);
    const none = { name: null, account: null, reference: null };
    return { type: "FEE", credit: false, upTo: 1_500, description: odd, ...none };
  };
}

const LETTERS = "eeeeeeeennnnniiiirrrsssttttaaaddhhuulllcgmobwfkzpvjäöü";
const VOCABULARY = 4_000;
const [SHORTEST_TEXT, LONGEST_TEXT] = [60, 250];

/** What people write to each other: words of a vocabulary, a few of them often, now and then a number. */
export function makeLongTexts(random: Random): () => string {
  const letter = (): string => LETTERS[Math.floor(random() * LETTERS.length)] ?? "e";
  const vocabulary = Array.from({ length: VOCABULARY }, () =>
    Array.from({ length: 2 + Math.floor(random() * 10) }, letter).join(""),
  );
  return () => {
    const length = SHORTEST_TEXT + random() * (LONGEST_TEXT - SHORTEST_TEXT);
    let text = "";
    while (text.length < length) {
      const word = vocabulary[Math.floor(VOCABULARY * random() ** 3)] ?? "";
      text += random() < 0.03 ? `${Math.floor(random() * 1e6)} ` : `${word} `;
    }
    return text.trimEnd();
  };
}

function partyName(random: Random): string {
  const kind = random();
  const last = pick(random, LAST_NAMES);
  if (kind < 0.5) return `${pick(random, FIRST_NAMES)} ${last}`;
  const company = `${last} ${pick(random, TRADES)} ${pick(random, FORMS)}`;
  return kind < 0.6 ? `${company}, ${pick(random, TOWNS)}` : company;
}

function iban(random: Random): string {
  const number = String(Math.floor(random() * 1e15)).padStart(15, "0");
  return `DE${String(Math.floor(random() * 90) + 10)}${String(Math.floor(random() * 1e5)).padStart(5, "0")}${number.slice(2)}`;
}
