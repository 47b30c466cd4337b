import type { StatementWords } from "./statement-words.ts";

export const ITALIAN: StatementWords = {
  title: "Estratto conto",
  customer: "Cliente",
  bank: "Banca",
  holder: "Intestatario",
  bothDaysIncluded: "entrambi i giorni compresi",
  timeZone: "Fuso orario",
  daysOf: "Data considerata",
  basis: {
    booking_date: "data di contabilizzazione della banca",
    posted_at: "momento della registrazione, nel fuso orario",
  },
  asOf: "Situazione al",
  statement: "Estratto",
  transactionCount: "Movimenti",
  balances: "Saldi",
  account: "Conto",
  currency: "Valuta",
  opening: "Saldo iniziale",
  credits: "Accrediti",
  debits: "Addebiti",
  count: "numero",
  net: "Variazione",
  closing: "Saldo finale",
  allAccounts: "Tutti i conti",
  booked: "Data",
  valueDate: "Data valuta",
  details: "Descrizione",
  amount: "Importo",
  balance: "Saldo",
  openingOn: (date) => `Saldo iniziale ${on(date)}`,
  closingOn: (date) => `Saldo finale ${on(date)}`,
  totalCredits: (count) => `Totale accrediti (${count})`,
  totalDebits: (count) => `Totale addebiti (${count})`,
  monthTotal: (month) => `Totale ${month}`,
  carriedForward: "A riportare",
  broughtForward: "Riporto",
  reference: "Rif.",
  transactionId: "N.",
  reversalOf: "Storno di",
  noTransactions: "Nessun movimento in questo periodo.",
  noAccounts: "Questo cliente non ha alcun conto.",
  howToRead:
    "Il segno meno indica un addebito. Saldo iniziale più accrediti meno addebiti dà il saldo finale: è stato verificato per ogni conto su tutti i movimenti del periodo. Contano solo i movimenti contabilizzati.",
  provisional:
    "Provvisorio: il periodo non era terminato quando questo estratto è stato emesso e possono seguire altri movimenti.",
  replaces: (id) => `Questo estratto sostituisce l’estratto ${id}.`,
  notAllShown: "Qui non figurano tutti i movimenti",
  firstOf: (shown, all) =>
    `Movimenti mostrati in questo documento: ${shown} su ${all}. Il file transactions.csv allegato li contiene tutti. Saldi e totali sono quelli di tutti i movimenti.`,
  notShownOfAccount: (count) =>
    `Movimenti di questo conto che qui non figurano: ${count}. Il file transactions.csv li contiene tutti.`,
  fullText: "testo completo in transactions.csv",
  replacedCharacters:
    "Un carattere che non si può stampare figura qui con il suo numero Unicode, per esempio [U+4E2D]; transactions.csv lo contiene così com’è.",
  end: "Fine dell’estratto conto",
  pageOf: (page) => `Pagina ${page} di`,
};

/** Before the vowel of `otto` and `undici`. */
function on(date: string): string {
  return /^(8|11) /.test(date) ? `all’${date}` : `al ${date}`;
}
