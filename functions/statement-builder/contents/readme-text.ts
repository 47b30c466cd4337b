/** README.txt, for the customer who opens the zip, in the language of the request. */
import {
  BALANCES_FILE,
  FORMAT_FILES,
  MANIFEST_FILE,
  PENDING_FILE,
  SIGNATURE_FILE,
  SUMS_FILE,
} from "../../domain/manifest.ts";
import type { Format, Language } from "../../domain/statement-options.ts";
import type { StatementFacts } from "../../domain/statement-facts.ts";

interface Words {
  readonly title: string;
  readonly customer: string;
  readonly period: string;
  readonly days: (first: string, last: string) => string;
  readonly partial: string;
  readonly replaces: string;
  readonly files: Readonly<Record<Format | keyof typeof ALWAYS | "pending" | "signature", string>>;
  readonly tables: string;
  readonly point: string;
  readonly comma: string;
  readonly guard: string;
}

const ALWAYS = { balances: BALANCES_FILE, manifest: MANIFEST_FILE, sums: SUMS_FILE };

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    title: "Statement of transactions",
    customer: "Customer",
    period: "Period",
    days: (first, last) => `${first} to ${last}, both days included`,
    partial: "The last day was not over when this statement was made.",
    replaces: "Replaces",
    files: {
      csv: "every booked transaction, in the order it was posted (UTC)",
      balances: "opening and closing balance, credits and debits of each account",
      pending: "transactions that are not booked yet; no part of any balance",
      pdf: "to read and to print",
      jsonl: "the same transactions as JSON, one a line",
      "camt.053": "for accounting software (ISO 20022)",
      ofx: "for personal finance software (OFX 2)",
      manifest: "the same totals for machines, and how they were checked",
      signature: "the bank's signature of manifest.json",
      sums: "check the files with: sha256sum -c SHA256SUMS",
    },
    tables: "The tables are CSV (RFC 4180, UTF-8). A negative amount is a debit.",
    point: "Amounts have a decimal point.",
    comma: "Amounts have a decimal comma.",
    guard:
      "Within a text, an apostrophe stands before what a spreadsheet could take for a formula.",
  },
  de: {
    title: "Kontoauszug",
    customer: "Kunde",
    period: "Zeitraum",
    days: (first, last) => `${first} bis ${last}, beide Tage eingeschlossen`,
    partial: "Der letzte Tag war noch nicht zu Ende, als dieser Auszug erstellt wurde.",
    replaces: "Ersetzt",
    files: {
      csv: "alle gebuchten Umsätze in der Reihenfolge ihrer Buchung (UTC)",
      balances: "Anfangs- und Endsaldo, Gutschriften und Belastungen je Konto",
      pending: "noch nicht gebuchte Umsätze; in keinem Saldo enthalten",
      pdf: "zum Lesen und Drucken",
      jsonl: "dieselben Umsätze als JSON, einer je Zeile",
      "camt.053": "für Buchhaltungsprogramme (ISO 20022)",
      ofx: "für Finanzprogramme (OFX 2)",
      manifest: "dieselben Summen für Programme, und wie sie geprüft wurden",
      signature: "die Signatur der Bank zu manifest.json",
      sums: "Dateien prüfen mit: sha256sum -c SHA256SUMS",
    },
    tables: "Die Tabellen sind CSV (RFC 4180, UTF-8). Ein negativer Betrag ist eine Belastung.",
    point: "Beträge haben einen Dezimalpunkt.",
    comma: "Beträge haben ein Dezimalkomma.",
    guard:
      "Im Text steht ein Apostroph vor dem, was eine Tabellenkalkulation für eine Formel hielte.",
  },
  fr: {
    title: "Relevé d’opérations",
    customer: "Client",
    period: "Période",
    days: (first, last) => `du ${first} au ${last}, ces deux jours compris`,
    partial: "Le dernier jour n’était pas terminé lorsque ce relevé a été établi.",
    replaces: "Remplace",
    files: {
      csv: "toutes les opérations comptabilisées, dans leur ordre (UTC)",
      balances: "soldes initial et final, crédits et débits de chaque compte",
      pending: "opérations pas encore comptabilisées ; hors de tout solde",
      pdf: "à lire et à imprimer",
      jsonl: "les mêmes opérations en JSON, une par ligne",
      "camt.053": "pour les logiciels de comptabilité (ISO 20022)",
      ofx: "pour les logiciels de finances personnelles (OFX 2)",
      manifest: "les mêmes totaux pour les programmes, et leurs contrôles",
      signature: "la signature de la banque pour manifest.json",
      sums: "vérifier les fichiers : sha256sum -c SHA256SUMS",
    },
    tables: "Les tableaux sont en CSV (RFC 4180, UTF-8). Un montant négatif est un débit.",
    point: "Les montants ont un point décimal.",
    comma: "Les montants ont une virgule décimale.",
    guard: "Dans un texte, une apostrophe précède ce qu’un tableur prendrait pour une formule.",
  },
  es: {
    title: "Extracto de movimientos",
    customer: "Cliente",
    period: "Período",
    days: (first, last) => `del ${first} al ${last}, ambos días incluidos`,
    partial: "El último día no había terminado cuando se hizo este extracto.",
    replaces: "Sustituye a",
    files: {
      csv: "todos los movimientos contabilizados, en su orden (UTC)",
      balances: "saldos inicial y final, abonos y cargos de cada cuenta",
      pending: "movimientos aún no contabilizados; fuera de todo saldo",
      pdf: "para leer e imprimir",
      jsonl: "los mismos movimientos en JSON, uno por línea",
      "camt.053": "para programas de contabilidad (ISO 20022)",
      ofx: "para programas de finanzas personales (OFX 2)",
      manifest: "los mismos totales para programas, y cómo se comprobaron",
      signature: "la firma del banco de manifest.json",
      sums: "compruebe los archivos con: sha256sum -c SHA256SUMS",
    },
    tables: "Las tablas son CSV (RFC 4180, UTF-8). Un importe negativo es un cargo.",
    point: "Los importes llevan punto decimal.",
    comma: "Los importes llevan coma decimal.",
    guard: "En un texto, un apóstrofo precede a lo que una hoja de cálculo tomaría por fórmula.",
  },
};

export interface ReadmeFacts extends StatementFacts {
  /** The period was not over at the instant of the snapshot. */
  readonly partial: boolean;
  readonly signed: boolean;
}

/** No word in it depends on the attempt. */
export function readmeText({ customerId, period, options, partial, signed }: ReadmeFacts): string {
  const words = WORDS[options.language];
  const { csv, formats, includePending, supersedes } = options;
  const table = (lines: readonly (readonly [string, string])[]): readonly string[] => {
    const width = Math.max(...lines.map(([name]) => name.length)) + 2;
    return lines.map(([name, text]) => name.padEnd(width) + text);
  };
  const days = words.days(period.startDate, period.endDate);
  return [
    words.title,
    "",
    ...table([
      [`${words.customer}:`, customerId],
      [`${words.period}:`, `${days} (${period.timeZone})`],
      ...(supersedes === null ? [] : [[`${words.replaces}:`, supersedes] as const]),
    ]),
    ...(partial ? [words.partial] : []),
    "",
    ...table([
      [FORMAT_FILES.csv, words.files.csv],
      [ALWAYS.balances, words.files.balances],
      ...(includePending ? [[PENDING_FILE, words.files.pending] as const] : []),
      ...formats
        .filter((format) => format !== "csv")
        .map((format) => [FORMAT_FILES[format], words.files[format]] as const),
      [ALWAYS.manifest, words.files.manifest],
      ...(signed ? [[SIGNATURE_FILE, words.files.signature] as const] : []),
      [ALWAYS.sums, words.files.sums],
    ]),
    "",
    words.tables,
    csv.decimalComma ? words.comma : words.point,
    words.guard,
    "",
  ].join("\n");
}
