/** The words of every language there is: one that is missing does not compile. */
import type { Language } from "../../../domain/statement-options.ts";
import { GERMAN } from "./de.ts";
import { ENGLISH } from "./en.ts";
import { SPANISH } from "./es.ts";
import { FRENCH } from "./fr.ts";
import { ITALIAN } from "./it.ts";
import { POLISH } from "./pl.ts";
import type { StatementWords } from "./statement-words.ts";

export const STATEMENT_WORDS: Readonly<Record<Language, StatementWords>> = {
  en: ENGLISH,
  de: GERMAN,
  fr: FRENCH,
  es: SPANISH,
  it: ITALIAN,
  pl: POLISH,
};
