/** What README.txt says in each language beside the words of statement.pdf. */
import type { Format, Language } from "../../domain/statement-options.ts";

export interface ReadmeWords {
  readonly period: string;
  readonly made: string;
  readonly replaces: string;
  /** In front of what each account is called, and behind some of very many. */
  readonly accounts: string;
  readonly firstAccounts: (shown: string, all: string) => string;
  readonly files: string;
  readonly purpose: Readonly<
    Record<Format | "balances" | "pending" | "manifest" | "signature" | "sums", string>
  >;
  /** Behind the purpose of a format with a file for each account and currency, or with all in one file. */
  readonly byAccount: string;
  readonly together: string;
  /** Of the tables, up to `open`. */
  readonly tables: string;
  readonly times: string;
  readonly point: string;
  readonly comma: string;
  readonly guard: string;
  readonly open: string;
  /** In the place of `open` where ids are written as texts. */
  readonly asText: string;
  /** In front of a command for each system. */
  readonly check: string;
}

export const README_WORDS: Readonly<Record<Language, ReadmeWords>> = {
  en: {
    period: "Period",
    made: "Made",
    replaces: "Replaces",
    accounts: "Accounts",
    firstAccounts: (shown, all) => `The first ${shown} of ${all}; balances.csv has all of them.`,
    files: "What each file is for",
    purpose: {
      csv: "every booked transaction, for spreadsheets and programs",
      balances: "opening and closing balance, credits and debits of each account",
      pending: "transactions that are not booked yet; part of no balance",
      pdf: "to read and to print",
      jsonl: "the same transactions as JSON, one a line",
      "camt.053": "for accounting software (ISO 20022)",
      ofx: "for personal finance software (OFX 2)",
      manifest: "the same totals for programs, and how they were checked",
      signature: "the bank's signature of manifest.json",
      sums: "to check that no file has changed",
    },
    byAccount: "; one file for each account and currency",
    together: "; all accounts in one file",
    tables: "The tables are CSV (RFC 4180, UTF-8). A negative amount is a debit.",
    times: "Times (posted_at) are in UTC, dates are the bank's.",
    point: "Amounts have a decimal point.",
    comma: "Amounts have a decimal comma.",
    guard:
      "Within a text, an apostrophe stands before what a spreadsheet could take for a formula.",
    open: "In a spreadsheet use its import of text, and choose text for ids, accounts and references: else long numbers are rounded and zeros in front are lost.",
    asText:
      'In a spreadsheet just open them: ids, accounts and references are written as ="000123", which keeps every digit. Programs take =" and " away.',
    check: "To check the files, in the folder they were unpacked to:",
  },
  de: {
    period: "Zeitraum",
    made: "Erstellt",
    replaces: "Ersetzt",
    accounts: "Konten",
    firstAccounts: (shown, all) => `Die ersten ${shown} von ${all}; balances.csv hat alle.`,
    files: "Wozu welche Datei dient",
    purpose: {
      csv: "alle gebuchten Umsätze, für Tabellenkalkulationen und Programme",
      balances: "Anfangs- und Endsaldo, Gutschriften und Belastungen je Konto",
      pending: "noch nicht gebuchte Umsätze; in keinem Saldo enthalten",
      pdf: "zum Lesen und Drucken",
      jsonl: "dieselben Umsätze als JSON, einer je Zeile",
      "camt.053": "für Buchhaltungsprogramme (ISO 20022)",
      ofx: "für Finanzprogramme (OFX 2)",
      manifest: "dieselben Summen für Programme, und wie sie geprüft wurden",
      signature: "die Signatur der Bank zu manifest.json",
      sums: "zum Prüfen, ob eine Datei verändert wurde",
    },
    byAccount: "; eine Datei je Konto und Währung",
    together: "; alle Konten in einer Datei",
    tables: "Die Tabellen sind CSV (RFC 4180, UTF-8). Ein negativer Betrag ist eine Belastung.",
    times: "Uhrzeiten (posted_at) sind in UTC, Daten sind die der Bank.",
    point: "Beträge haben einen Dezimalpunkt.",
    comma: "Beträge haben ein Dezimalkomma.",
    guard:
      "Im Text steht ein Apostroph vor dem, was eine Tabellenkalkulation für eine Formel hielte.",
    open: "In einer Tabellenkalkulation den Textimport benutzen und für Nummern, Konten und Referenzen Text wählen: Sonst werden lange Nummern gerundet, und führende Nullen gehen verloren.",
    asText:
      'In einer Tabellenkalkulation einfach öffnen: Nummern, Konten und Referenzen stehen als ="000123" da, damit keine Ziffer verloren geht. Programme nehmen =" und " weg.',
    check: "Die Dateien prüfen, im Ordner, in den sie entpackt wurden:",
  },
  fr: {
    period: "Période",
    made: "Établi",
    replaces: "Remplace",
    accounts: "Comptes",
    firstAccounts: (shown, all) => `Les ${shown} premiers sur ${all} ; balances.csv les a tous.`,
    files: "À quoi sert chaque fichier",
    purpose: {
      csv: "toutes les opérations comptabilisées, pour tableurs et programmes",
      balances: "soldes initial et final, crédits et débits de chaque compte",
      pending: "opérations pas encore comptabilisées ; hors de tout solde",
      pdf: "à lire et à imprimer",
      jsonl: "les mêmes opérations en JSON, une par ligne",
      "camt.053": "pour les logiciels de comptabilité (ISO 20022)",
      ofx: "pour les logiciels de finances personnelles (OFX 2)",
      manifest: "les mêmes totaux pour les programmes, et leurs contrôles",
      signature: "la signature de la banque pour manifest.json",
      sums: "pour vérifier qu’aucun fichier n’a changé",
    },
    byAccount: " ; un fichier par compte et devise",
    together: " ; tous les comptes en un fichier",
    tables: "Les tableaux sont en CSV (RFC 4180, UTF-8). Un montant négatif est un débit.",
    times: "Les heures (posted_at) sont en UTC, les dates sont celles de la banque.",
    point: "Les montants ont un point décimal.",
    comma: "Les montants ont une virgule décimale.",
    guard: "Dans un texte, une apostrophe précède ce qu’un tableur prendrait pour une formule.",
    open: "Dans un tableur, utilisez l’importation de texte et choisissez le type texte pour les numéros, comptes et références : sinon les longs numéros sont arrondis et les zéros initiaux perdus.",
    asText:
      'Dans un tableur, ouvrez-les simplement : numéros, comptes et références sont écrits ="000123", ce qui garde chaque chiffre. Les programmes ôtent =" et ".',
    check: "Pour vérifier les fichiers, dans le dossier où ils ont été extraits :",
  },
  es: {
    period: "Período",
    made: "Emitido",
    replaces: "Sustituye a",
    accounts: "Cuentas",
    firstAccounts: (shown, all) => `Las primeras ${shown} de ${all}; balances.csv las tiene todas.`,
    files: "Para qué sirve cada archivo",
    purpose: {
      csv: "todos los movimientos contabilizados, para hojas de cálculo y programas",
      balances: "saldos inicial y final, abonos y cargos de cada cuenta",
      pending: "movimientos aún no contabilizados; fuera de todo saldo",
      pdf: "para leer e imprimir",
      jsonl: "los mismos movimientos en JSON, uno por línea",
      "camt.053": "para programas de contabilidad (ISO 20022)",
      ofx: "para programas de finanzas personales (OFX 2)",
      manifest: "los mismos totales para programas, y cómo se comprobaron",
      signature: "la firma del banco de manifest.json",
      sums: "para comprobar que ningún archivo ha cambiado",
    },
    byAccount: "; un archivo por cuenta y divisa",
    together: "; todas las cuentas en un archivo",
    tables: "Las tablas son CSV (RFC 4180, UTF-8). Un importe negativo es un cargo.",
    times: "Las horas (posted_at) están en UTC, las fechas son las del banco.",
    point: "Los importes llevan punto decimal.",
    comma: "Los importes llevan coma decimal.",
    guard: "En un texto, un apóstrofo precede a lo que una hoja de cálculo tomaría por fórmula.",
    open: "En una hoja de cálculo, use la importación de texto y elija texto para números, cuentas y referencias: de lo contrario los números largos se redondean y se pierden los ceros iniciales.",
    asText:
      'En una hoja de cálculo, basta con abrirlas: números, cuentas y referencias están escritos como ="000123", lo que conserva cada cifra. Los programas quitan =" y ".',
    check: "Para comprobar los archivos, en la carpeta donde se extrajeron:",
  },
  it: {
    period: "Periodo",
    made: "Emesso",
    replaces: "Sostituisce",
    accounts: "Conti",
    firstAccounts: (shown, all) => `I primi ${shown} di ${all}; balances.csv li ha tutti.`,
    files: "A che cosa serve ogni file",
    purpose: {
      csv: "tutti i movimenti contabilizzati, per fogli di calcolo e programmi",
      balances: "saldi iniziale e finale, accrediti e addebiti di ogni conto",
      pending: "movimenti non ancora contabilizzati; in nessun saldo",
      pdf: "da leggere e da stampare",
      jsonl: "gli stessi movimenti in JSON, uno per riga",
      "camt.053": "per programmi di contabilità (ISO 20022)",
      ofx: "per programmi di finanza personale (OFX 2)",
      manifest: "gli stessi totali per i programmi, e come sono stati verificati",
      signature: "la firma della banca per manifest.json",
      sums: "per verificare che nessun file sia cambiato",
    },
    byAccount: "; un file per conto e valuta",
    together: "; tutti i conti in un file",
    tables: "Le tabelle sono in CSV (RFC 4180, UTF-8). Un importo negativo è un addebito.",
    times: "Gli orari (posted_at) sono in UTC, le date sono quelle della banca.",
    point: "Gli importi hanno il punto decimale.",
    comma: "Gli importi hanno la virgola decimale.",
    guard:
      "In un testo, un apostrofo precede ciò che un foglio di calcolo prenderebbe per una formula.",
    open: "In un foglio di calcolo usare l’importazione di testo e scegliere testo per numeri, conti e riferimenti: altrimenti i numeri lunghi vengono arrotondati e gli zeri iniziali si perdono.",
    asText:
      'In un foglio di calcolo basta aprirle: numeri, conti e riferimenti sono scritti come ="000123", così nessuna cifra va persa. I programmi tolgono =" e ".',
    check: "Per verificare i file, nella cartella in cui sono stati estratti:",
  },
  pl: {
    period: "Okres",
    made: "Sporządzono",
    replaces: "Zastępuje",
    accounts: "Rachunki",
    firstAccounts: (shown, all) => `Pierwsze ${shown} z ${all}; balances.csv ma wszystkie.`,
    files: "Do czego służy każdy plik",
    purpose: {
      csv: "wszystkie zaksięgowane operacje, dla arkuszy kalkulacyjnych i programów",
      balances: "saldo początkowe i końcowe, uznania i obciążenia każdego rachunku",
      pending: "operacje jeszcze niezaksięgowane; nie wchodzą w żadne saldo",
      pdf: "do czytania i drukowania",
      jsonl: "te same operacje jako JSON, po jednej w wierszu",
      "camt.053": "dla programów księgowych (ISO 20022)",
      ofx: "dla programów do finansów osobistych (OFX 2)",
      manifest: "te same sumy dla programów oraz sposób ich sprawdzenia",
      signature: "podpis banku dla pliku manifest.json",
      sums: "do sprawdzenia, czy żaden plik się nie zmienił",
    },
    byAccount: "; osobny plik na rachunek i walutę",
    together: "; wszystkie rachunki w jednym pliku",
    tables: "Tabele są w formacie CSV (RFC 4180, UTF-8). Ujemna kwota to obciążenie.",
    times: "Godziny (posted_at) są w UTC, daty są datami banku.",
    point: "Kwoty mają kropkę dziesiętną.",
    comma: "Kwoty mają przecinek dziesiętny.",
    guard: "W tekście apostrof stoi przed tym, co arkusz kalkulacyjny uznałby za formułę.",
    open: "W arkuszu kalkulacyjnym należy użyć importu tekstu i wybrać tekst dla numerów, rachunków i referencji: inaczej długie numery zostaną zaokrąglone, a zera na początku znikną.",
    asText:
      'W arkuszu kalkulacyjnym wystarczy je otworzyć: numery, rachunki i referencje są zapisane jako ="000123", dzięki czemu żadna cyfra nie ginie. Programy usuwają =" i ".',
    check: "Aby sprawdzić pliki, w folderze, do którego je rozpakowano:",
  },
};
