/** The words of statement.pdf, and of README.txt where it says the same, in each language. Numbers and dates come as texts of that language. */
import type { PeriodBasis } from "../../domain/manifest.ts";
import type { Language } from "../../domain/statement-options.ts";

export interface StatementWords {
  readonly title: string;
  readonly customer: string;
  readonly bank: string;
  /** Of an account, by name. */
  readonly holder: string;
  /** Behind the two dates of the period. */
  readonly bothDaysIncluded: string;
  readonly timeZone: string;
  /** In front of what says by which day a row belongs to the period. */
  readonly daysOf: string;
  readonly basis: Readonly<Record<PeriodBasis, string>>;
  readonly asOf: string;
  readonly statement: string;
  readonly transactionCount: string;
  readonly balances: string;
  readonly account: string;
  readonly currency: string;
  readonly opening: string;
  readonly credits: string;
  readonly debits: string;
  /** Beside credits and debits: how many there are. */
  readonly count: string;
  readonly net: string;
  readonly closing: string;
  readonly allAccounts: string;
  readonly booked: string;
  readonly valueDate: string;
  readonly details: string;
  readonly amount: string;
  readonly balance: string;
  readonly openingOn: (date: string) => string;
  readonly closingOn: (date: string) => string;
  readonly totalCredits: (count: string) => string;
  readonly totalDebits: (count: string) => string;
  /** Of one month of several. */
  readonly monthTotal: (month: string) => string;
  /** At the end of a page and on top of the next one: the balance so far. */
  readonly carriedForward: string;
  readonly broughtForward: string;
  readonly reference: string;
  readonly transactionId: string;
  readonly reversalOf: string;
  readonly noTransactions: string;
  readonly noAccounts: string;
  readonly howToRead: string;
  readonly provisional: string;
  readonly replaces: (statementId: string) => string;
  readonly notAllShown: string;
  readonly firstOf: (shown: string, all: string) => string;
  readonly notShownOfAccount: (count: string) => string;
  readonly fullText: string;
  readonly replacedCharacters: string;
  readonly end: string;
  /** In front of a space and the number of all pages. */
  readonly pageOf: (page: string) => string;
}

export const STATEMENT_WORDS: Readonly<Record<Language, StatementWords>> = {
  en: {
    title: "Account statement",
    customer: "Customer",
    bank: "Bank",
    holder: "Account holder",
    bothDaysIncluded: "both days included",
    timeZone: "Time zone",
    daysOf: "Days counted by",
    basis: {
      booking_date: "booking date of the bank",
      posted_at: "time of posting, in the time zone",
    },
    asOf: "As of",
    statement: "Statement",
    transactionCount: "Transactions",
    balances: "Balances",
    account: "Account",
    currency: "Currency",
    opening: "Opening",
    credits: "Credits",
    debits: "Debits",
    count: "count",
    net: "Net",
    closing: "Closing",
    allAccounts: "All accounts",
    booked: "Booked",
    valueDate: "Value date",
    details: "Details",
    amount: "Amount",
    balance: "Balance",
    openingOn: (date) => `Opening balance on ${date}`,
    closingOn: (date) => `Closing balance on ${date}`,
    totalCredits: (count) => `Total of credits (${count})`,
    totalDebits: (count) => `Total of debits (${count})`,
    monthTotal: (month) => `Total for ${month}`,
    carriedForward: "Carried forward",
    broughtForward: "Brought forward",
    reference: "Ref.",
    transactionId: "No.",
    reversalOf: "Reversal of",
    noTransactions: "No transactions in this period.",
    noAccounts: "This customer has no account.",
    howToRead:
      "A minus marks a debit. Opening balance plus credits less debits is the closing balance: this was checked for each account from all transactions of the period. Only booked transactions are counted.",
    provisional:
      "Provisional: the period was not over when this statement was made, and more transactions may follow.",
    replaces: (id) => `This statement replaces statement ${id}.`,
    notAllShown: "Not all transactions are shown here",
    firstOf: (shown, all) =>
      `This document shows ${shown} of ${all} transactions. The file transactions.csv beside it has all of them. Balances and totals are those of all transactions.`,
    notShownOfAccount: (count) =>
      `Transactions of this account that are not shown here: ${count}. The file transactions.csv has all of them.`,
    fullText: "full text in transactions.csv",
    replacedCharacters:
      "A character that cannot be printed stands here as its Unicode number, such as [U+4E2D]; transactions.csv has it as it is.",
    end: "End of the statement",
    pageOf: (page) => `Page ${page} of`,
  },
  de: {
    title: "Kontoauszug",
    customer: "Kunde",
    bank: "Bank",
    holder: "Kontoinhaber",
    bothDaysIncluded: "beide Tage eingeschlossen",
    timeZone: "Zeitzone",
    daysOf: "Maßgeblich",
    basis: {
      booking_date: "Buchungstag der Bank",
      posted_at: "Zeitpunkt der Buchung, in der Zeitzone",
    },
    asOf: "Stand",
    statement: "Auszug",
    transactionCount: "Umsätze",
    balances: "Salden",
    account: "Konto",
    currency: "Währung",
    opening: "Anfangssaldo",
    credits: "Gutschriften",
    debits: "Belastungen",
    count: "Anzahl",
    net: "Veränderung",
    closing: "Endsaldo",
    allAccounts: "Alle Konten",
    booked: "Buchung",
    valueDate: "Wertstellung",
    details: "Vorgang",
    amount: "Betrag",
    balance: "Saldo",
    openingOn: (date) => `Anfangssaldo am ${date}`,
    closingOn: (date) => `Endsaldo am ${date}`,
    totalCredits: (count) => `Summe der Gutschriften (${count})`,
    totalDebits: (count) => `Summe der Belastungen (${count})`,
    monthTotal: (month) => `Summe ${month}`,
    carriedForward: "Übertrag auf die nächste Seite",
    broughtForward: "Übertrag von der vorigen Seite",
    reference: "Ref.",
    transactionId: "Nr.",
    reversalOf: "Storno von",
    noTransactions: "Keine Umsätze in diesem Zeitraum.",
    noAccounts: "Dieser Kunde hat kein Konto.",
    howToRead:
      "Ein Minus kennzeichnet eine Belastung. Anfangssaldo plus Gutschriften minus Belastungen ergibt den Endsaldo: Das wurde für jedes Konto aus allen Umsätzen des Zeitraums nachgerechnet. Es zählen nur gebuchte Umsätze.",
    provisional:
      "Vorläufig: Der Zeitraum war noch nicht zu Ende, als dieser Auszug erstellt wurde; weitere Umsätze können folgen.",
    replaces: (id) => `Dieser Auszug ersetzt den Auszug ${id}.`,
    notAllShown: "Hier stehen nicht alle Umsätze",
    firstOf: (shown, all) =>
      `Dieses Dokument zeigt ${shown} von ${all} Umsätzen. Die beiliegende Datei transactions.csv enthält alle. Salden und Summen sind die aller Umsätze.`,
    notShownOfAccount: (count) =>
      `Umsätze dieses Kontos, die hier nicht stehen: ${count}. Die Datei transactions.csv enthält alle.`,
    fullText: "vollständiger Text in transactions.csv",
    replacedCharacters:
      "Ein Zeichen, das sich nicht drucken lässt, steht hier als seine Unicode-Nummer, etwa [U+4E2D]; in transactions.csv steht es, wie es ist.",
    end: "Ende des Kontoauszugs",
    pageOf: (page) => `Seite ${page} von`,
  },
  fr: {
    title: "Relevé de compte",
    customer: "Client",
    bank: "Banque",
    holder: "Titulaire",
    bothDaysIncluded: "les deux jours compris",
    timeZone: "Fuseau horaire",
    daysOf: "Date retenue",
    basis: {
      booking_date: "date de comptabilisation par la banque",
      posted_at: "instant de l’enregistrement, dans le fuseau horaire",
    },
    asOf: "Situation au",
    statement: "Relevé",
    transactionCount: "Opérations",
    balances: "Soldes",
    account: "Compte",
    currency: "Devise",
    opening: "Solde initial",
    credits: "Crédits",
    debits: "Débits",
    count: "nombre",
    net: "Variation",
    closing: "Solde final",
    allAccounts: "Tous les comptes",
    booked: "Date",
    valueDate: "Valeur",
    details: "Nature de l’opération",
    amount: "Montant",
    balance: "Solde",
    openingOn: (date) => `Solde initial au ${date}`,
    closingOn: (date) => `Solde final au ${date}`,
    totalCredits: (count) => `Total des crédits (${count})`,
    totalDebits: (count) => `Total des débits (${count})`,
    monthTotal: (month) => `Total ${month}`,
    carriedForward: "À reporter",
    broughtForward: "Report",
    reference: "Réf.",
    transactionId: "N°",
    reversalOf: "Annulation de",
    noTransactions: "Aucune opération sur cette période.",
    noAccounts: "Ce client n’a aucun compte.",
    howToRead:
      "Un signe moins indique un débit. Le solde initial, plus les crédits, moins les débits, donne le solde final : cela a été vérifié pour chaque compte à partir de toutes les opérations de la période. Seules les opérations comptabilisées sont prises en compte.",
    provisional:
      "Provisoire : la période n’était pas terminée lorsque ce relevé a été établi ; d’autres opérations peuvent suivre.",
    replaces: (id) => `Ce relevé remplace le relevé ${id}.`,
    notAllShown: "Toutes les opérations ne figurent pas ici",
    firstOf: (shown, all) =>
      `Ce document présente ${shown} opérations sur ${all}. Le fichier transactions.csv qui l’accompagne les contient toutes. Les soldes et les totaux sont ceux de toutes les opérations.`,
    notShownOfAccount: (count) =>
      `Opérations de ce compte qui ne figurent pas ici : ${count}. Le fichier transactions.csv les contient toutes.`,
    fullText: "texte complet dans transactions.csv",
    replacedCharacters:
      "Un caractère qui ne peut pas être imprimé figure ici par son numéro Unicode, par exemple [U+4E2D] ; transactions.csv le contient tel quel.",
    end: "Fin du relevé",
    pageOf: (page) => `Page ${page} sur`,
  },
  es: {
    title: "Extracto de cuenta",
    customer: "Cliente",
    bank: "Banco",
    holder: "Titular",
    bothDaysIncluded: "ambos días incluidos",
    timeZone: "Zona horaria",
    daysOf: "Fecha aplicada",
    basis: {
      booking_date: "fecha contable del banco",
      posted_at: "momento del registro, en la zona horaria",
    },
    asOf: "Situación a",
    statement: "Extracto",
    transactionCount: "Movimientos",
    balances: "Saldos",
    account: "Cuenta",
    currency: "Divisa",
    opening: "Saldo inicial",
    credits: "Abonos",
    debits: "Cargos",
    count: "número",
    net: "Variación",
    closing: "Saldo final",
    allAccounts: "Todas las cuentas",
    booked: "Fecha",
    valueDate: "Fecha valor",
    details: "Concepto",
    amount: "Importe",
    balance: "Saldo",
    openingOn: (date) => `Saldo inicial el ${date}`,
    closingOn: (date) => `Saldo final el ${date}`,
    totalCredits: (count) => `Total de abonos (${count})`,
    totalDebits: (count) => `Total de cargos (${count})`,
    monthTotal: (month) => `Total de ${month}`,
    carriedForward: "Suma y sigue",
    broughtForward: "Suma anterior",
    reference: "Ref.",
    transactionId: "N.º",
    reversalOf: "Anulación de",
    noTransactions: "Sin movimientos en este período.",
    noAccounts: "Este cliente no tiene ninguna cuenta.",
    howToRead:
      "Un signo menos indica un cargo. El saldo inicial más los abonos menos los cargos es el saldo final: se ha comprobado en cada cuenta con todos los movimientos del período. Solo cuentan los movimientos contabilizados.",
    provisional:
      "Provisional: el período no había terminado cuando se emitió este extracto y puede haber más movimientos.",
    replaces: (id) => `Este extracto sustituye al extracto ${id}.`,
    notAllShown: "Aquí no figuran todos los movimientos",
    firstOf: (shown, all) =>
      `Este documento muestra ${shown} de ${all} movimientos. El archivo transactions.csv que lo acompaña los contiene todos. Los saldos y los totales son los de todos los movimientos.`,
    notShownOfAccount: (count) =>
      `Movimientos de esta cuenta que no figuran aquí: ${count}. El archivo transactions.csv los contiene todos.`,
    fullText: "texto completo en transactions.csv",
    replacedCharacters:
      "Un carácter que no se puede imprimir figura aquí con su número Unicode, por ejemplo [U+4E2D]; transactions.csv lo contiene tal cual.",
    end: "Fin del extracto",
    pageOf: (page) => `Página ${page} de`,
  },
  it: {
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
    openingOn: (date) => `Saldo iniziale al ${date}`,
    closingOn: (date) => `Saldo finale al ${date}`,
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
  },
  pl: {
    title: "Wyciąg z rachunku",
    customer: "Klient",
    bank: "Bank",
    holder: "Posiadacz rachunku",
    bothDaysIncluded: "oba dni włącznie",
    timeZone: "Strefa czasowa",
    daysOf: "Według",
    basis: {
      booking_date: "daty księgowania w banku",
      posted_at: "chwili zaksięgowania, w strefie czasowej",
    },
    asOf: "Stan na",
    statement: "Wyciąg",
    transactionCount: "Operacje",
    balances: "Salda",
    account: "Rachunek",
    currency: "Waluta",
    opening: "Saldo początkowe",
    credits: "Uznania",
    debits: "Obciążenia",
    count: "liczba",
    net: "Zmiana",
    closing: "Saldo końcowe",
    allAccounts: "Wszystkie rachunki",
    booked: "Data",
    valueDate: "Data waluty",
    details: "Opis operacji",
    amount: "Kwota",
    balance: "Saldo",
    openingOn: (date) => `Saldo początkowe na dzień ${date}`,
    closingOn: (date) => `Saldo końcowe na dzień ${date}`,
    totalCredits: (count) => `Suma uznań (${count})`,
    totalDebits: (count) => `Suma obciążeń (${count})`,
    monthTotal: (month) => `Razem: ${month}`,
    carriedForward: "Do przeniesienia",
    broughtForward: "Z przeniesienia",
    reference: "Ref.",
    transactionId: "Nr",
    reversalOf: "Storno operacji",
    noTransactions: "Brak operacji w tym okresie.",
    noAccounts: "Ten klient nie ma żadnego rachunku.",
    howToRead:
      "Minus oznacza obciążenie. Saldo początkowe plus uznania minus obciążenia daje saldo końcowe: sprawdzono to dla każdego rachunku na podstawie wszystkich operacji z tego okresu. Liczą się tylko operacje zaksięgowane.",
    provisional:
      "Wyciąg tymczasowy: okres nie był zakończony w chwili sporządzenia wyciągu i mogą dojść kolejne operacje.",
    replaces: (id) => `Ten wyciąg zastępuje wyciąg ${id}.`,
    notAllShown: "Nie pokazano tu wszystkich operacji",
    firstOf: (shown, all) =>
      `Liczba operacji pokazanych w tym dokumencie: ${shown} z ${all}. Dołączony plik transactions.csv zawiera wszystkie. Salda i sumy dotyczą wszystkich operacji.`,
    notShownOfAccount: (count) =>
      `Liczba operacji na tym rachunku, których tu nie pokazano: ${count}. Plik transactions.csv zawiera wszystkie.`,
    fullText: "pełny tekst w transactions.csv",
    replacedCharacters:
      "Znak, którego nie można wydrukować, zastąpiono tu jego numerem Unicode, na przykład [U+4E2D]; w transactions.csv występuje bez zmian.",
    end: "Koniec wyciągu",
    pageOf: (page) => `Strona ${page} z`,
  },
};
