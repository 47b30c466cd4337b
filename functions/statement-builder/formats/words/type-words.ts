/** What types of transactions are called in each language. */
import { readFile } from "node:fs/promises";
import * as z from "zod";
import { isName } from "../../../domain/bank-names.ts";
import type { TypeWords } from "../../../domain/statement-facts.ts";
import type { StatementContent } from "../statement-format.ts";
import { LANGUAGES } from "../../../domain/statement-options.ts";

/** The bank's own table takes the place of this one, whole. */
export const TYPE_WORDS: TypeWords = {
  CREDIT_TRANSFER: words(
    "Credit transfer",
    "Überweisung",
    "Virement",
    "Transferencia",
    "Bonifico",
    "Przelew",
  ),
  DIRECT_DEBIT: words(
    "Direct debit",
    "Lastschrift",
    "Prélèvement",
    "Adeudo domiciliado",
    "Addebito diretto",
    "Polecenie zapłaty",
  ),
  STANDING_ORDER: words(
    "Standing order",
    "Dauerauftrag",
    "Virement permanent",
    "Orden permanente",
    "Ordine permanente",
    "Zlecenie stałe",
  ),
  CARD_PAYMENT: words(
    "Card payment",
    "Kartenzahlung",
    "Paiement par carte",
    "Pago con tarjeta",
    "Pagamento con carta",
    "Płatność kartą",
  ),
  CARD_CHECK: words(
    "Card check",
    "Kartenprüfung",
    "Vérification de carte",
    "Verificación de tarjeta",
    "Verifica carta",
    "Weryfikacja karty",
  ),
  CASH_WITHDRAWAL: words(
    "Cash withdrawal",
    "Bargeldauszahlung",
    "Retrait d’espèces",
    "Retirada de efectivo",
    "Prelievo di contante",
    "Wypłata gotówki",
  ),
  SALARY: words("Salary", "Gehalt", "Salaire", "Nómina", "Stipendio", "Wynagrodzenie"),
  INTEREST: words("Interest", "Zinsen", "Intérêts", "Intereses", "Interessi", "Odsetki"),
  FEE: words("Fee", "Entgelt", "Frais", "Comisión", "Commissione", "Opłata"),
  REVERSAL: words("Reversal", "Storno", "Annulation", "Anulación", "Storno", "Storno"),
};

/** A type of which there is no word is called by its code. */
export function typeWord({ facts, language }: StatementContent, type: string): string {
  const { typeWords = TYPE_WORDS } = facts;
  const own = Object.hasOwn(typeWords, type) ? typeWords[type] : undefined;
  return own?.[language] ?? type;
}

/** Every word that `typeWord` has in the statement's language. */
export function wordsByType(content: StatementContent): ReadonlyMap<string, string> {
  const { typeWords = TYPE_WORDS } = content.facts;
  return new Map(Object.keys(typeWords).map((type) => [type, typeWord(content, type)]));
}

function words(en: string, de: string, fr: string, es: string, it: string, pl: string) {
  return { en, de, fr, es, it, pl };
}

const MAX_BYTES = 262_144;
const MAX_LENGTH = 70;
const table = z.record(
  z.string().refine((code) => isName(code, MAX_LENGTH)),
  z.partialRecord(
    z.enum(LANGUAGES),
    z.string().refine((word) => isName(word, MAX_LENGTH)),
  ),
);

/** @throws Error when the file holds no such table */
export async function readTypeWords(file: string): Promise<TypeWords> {
  const wanted =
    `TYPE_WORDS_FILE: ${file} must hold a JSON object of at most ${MAX_BYTES} bytes: by type, by language ` +
    `(${LANGUAGES.join(", ")}), a word of 1 to ${MAX_LENGTH} characters without control characters`;
  try {
    const text = await readFile(file, "utf8");
    if (Buffer.byteLength(text) <= MAX_BYTES) return table.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(wanted, { cause });
  }
  throw new Error(wanted);
}
