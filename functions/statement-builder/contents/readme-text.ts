/** README.txt, for the customer who opens the zip, in the language of the request. */
import {
  BALANCES_FILE,
  FORMAT_FILES,
  FORMAT_FOLDERS,
  MANIFEST_FILE,
  PENDING_FILE,
  SIGNATURE_FILE,
  SUMS_FILE,
} from "../../domain/manifest.ts";
import type { Format } from "../../domain/statement-options.ts";
import type { AccountBalance } from "../../domain/money/account-totals.ts";
import type { BankNames } from "../../domain/bank-names.ts";
import type { StatementFacts } from "../../domain/statement-facts.ts";
import { statementLocale } from "../formats/statement-locale.ts";
import { STATEMENT_WORDS } from "../formats/words/languages.ts";
import { isByAccount } from "./format-files.ts";
import { README_WORDS } from "./readme-words.ts";

export interface ReadmeFacts extends StatementFacts {
  /** Instant of the snapshot, milliseconds since the epoch. */
  readonly asOf: number;
  /** The period was not over then. */
  readonly partial: boolean;
  /** Of transactions.csv. */
  readonly rows: number;
  /** Accounts and currencies: of balances.csv. */
  readonly accounts: readonly ReadmeAccount[];
  readonly signed: boolean;
  /** Names of those whom the statement's accounts belong to, each once. */
  readonly owners: readonly string[];
}

type ReadmeAccount = Pick<AccountBalance, "accountId" | "currency" | "names">;

/** Of very many accounts the file that has all is a table. */
const MAX_LISTED = 100;

/** By system, what holds every file against SHA256SUMS. */
const CHECKS = [
  ["Linux", "sha256sum -c SHA256SUMS"],
  ["macOS", "shasum -a 256 -c SHA256SUMS"],
  [
    "Windows (PowerShell)",
    'gc SHA256SUMS | % { $h,$f = $_ -split "  "; "$f $((Get-FileHash $f).Hash -eq $h)" }',
  ],
] as const;

export function readmeText(facts: ReadmeFacts): string {
  const { customerId, period, options, generatedAt, asOf, rows, partial, signed } = facts;
  const { bank, owners } = facts;
  const { csv, formats, includePending, supersedes, language } = options;
  const words = README_WORDS[language];
  const statement = STATEMENT_WORDS[language];
  const locale = statementLocale(language);
  const { purpose } = words;
  const days = `${locale.longDate(period.startDate)} – ${locale.longDate(period.endDate)}`;
  const named = (name: string, value: string) => [`${name}:`, value] as const;
  return [
    statement.title,
    "",
    ...table([
      ...(bank?.name === undefined ? [] : [named(statement.bank, bankOf(bank))]),
      named(statement.customer, customerId),
      ...(owners.length === 0 ? [] : [named(statement.holder, owners.join(", "))]),
      named(words.period, `${days} (${statement.bothDaysIncluded})`),
      named(statement.daysOf, statement.basis[period.basis]),
      named(statement.timeZone, period.timeZone),
      named(statement.asOf, locale.instant(asOf, period.timeZone)),
      named(words.made, locale.instant(generatedAt, period.timeZone)),
      named(statement.transactionCount, locale.count(rows)),
      ...(supersedes === null ? [] : [named(words.replaces, supersedes)]),
    ]),
    ...(partial ? ["", statement.provisional] : []),
    ...accountList(facts),
    "",
    `${words.files}:`,
    "",
    ...table([
      [FORMAT_FILES.csv, purpose.csv],
      [BALANCES_FILE, purpose.balances],
      ...(includePending ? [[PENDING_FILE, purpose.pending] as const] : []),
      ...formats.filter((format) => format !== "csv").map((format) => formatLine(format, facts)),
      [MANIFEST_FILE, purpose.manifest],
      ...(signed ? [[SIGNATURE_FILE, purpose.signature] as const] : []),
      [SUMS_FILE, purpose.sums],
    ]),
    "",
    words.tables,
    words.times,
    csv.decimalComma ? words.comma : words.point,
    words.guard,
    ...wrapped(csv.idsAsText === true ? words.asText : words.open),
    "",
    words.check,
    "",
    ...CHECKS.flatMap(([system, command]) => [`${system}:`, `    ${command}`]),
    "",
  ].join("\n");
}

/** What each account is called, where the bank says so of any. */
function accountList({ accounts, options }: ReadmeFacts): readonly string[] {
  const lines = accounts.slice(0, MAX_LISTED).map(({ accountId, currency, names = {} }) => {
    const { iban, name, product } = names;
    const called = [iban, name, product].filter((one) => one !== undefined);
    return { account: `${accountId} ${currency}`, called: called.join(", ") };
  });
  if (lines.every(({ called }) => called === "")) return [];
  const words = README_WORDS[options.language];
  const locale = statementLocale(options.language);
  return [
    "",
    `${words.accounts}:`,
    "",
    ...table(lines.map(({ account, called }) => [account, called] as const)).map((line) =>
      line.trimEnd(),
    ),
    ...(accounts.length > lines.length
      ? [words.firstAccounts(locale.count(lines.length), locale.count(accounts.length))]
      : []),
  ];
}

/** Of several accounts a reader has to know whether they are in one file. */
function formatLine(format: Format, { options, accounts }: ReadmeFacts): readonly [string, string] {
  const { purpose, byAccount, together } = README_WORDS[options.language];
  const path = FORMAT_FILES[format];
  if (!(format in FORMAT_FOLDERS) || accounts.length < 2) return [path, purpose[format]];
  if (!isByAccount(format, accounts.length, options)) return [path, purpose[format] + together];
  return [`${FORMAT_FOLDERS[format].folder}/`, purpose[format] + byAccount];
}

function bankOf({ name = "", bic, address }: BankNames): string {
  return [name, ...address, ...(bic === undefined ? [] : [`BIC ${bic}`])].join(", ");
}

const WIDTH = 96;

/** At spaces that may break: those of French punctuation may not. */
function wrapped(text: string): readonly string[] {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && line.length + word.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}

function table(lines: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...lines.map(([name]) => name.length)) + 2;
  return lines.map(([name, text]) => name.padEnd(width) + text);
}
