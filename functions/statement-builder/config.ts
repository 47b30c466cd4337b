import { isIP } from "node:net";
import * as z from "zod";
import { CALLBACK_HOSTS } from "../platform/settings/callback-hosts.ts";
import { COMMON_VARIABLES } from "../platform/settings/config.ts";
import { withIdentity } from "../platform/settings/identity-variables.ts";
import { S3_VARIABLES } from "../platform/settings/s3-variables.ts";
import { withoutPlainDatabase, withoutPlainStore } from "../platform/settings/plain-text.ts";
import { isName } from "../domain/bank-names.ts";
import { DATABASE_URL, isOfAddress } from "../platform/settings/database-url.ts";
import { PERIOD_BASES } from "../domain/manifest.ts";
import { isoMinorUnit, MAX_MINOR_UNIT } from "../domain/money/money.ts";
import { FORMATS, LANGUAGES } from "../domain/statement-options.ts";
import { integer, list, oneOf, text, variable, yesOrNo } from "../platform/settings/variables.ts";

const MIB = 1024 * 1024;
/** A key of S3 has 1,024 bytes, and behind the prefix the name of a statement needs some hundred. */
const MAX_PREFIX = 800;
const VIEW = /^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?$/;

const view = (name: string) =>
  variable(z.string().regex(VIEW).default(name), {
    expected: "the name of a view, with or without its schema",
    example: name,
  });

const column = (view: "ACCOUNT_VIEW" | "STATEMENT_VIEW", example: string) =>
  variable(
    z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_$]*$/)
      .optional(),
    { expected: `the name of a column of ${view}`, example },
  );

/** Separated by `|`, as an address has commas. */
const lines = (max: number, length: number, example: string) =>
  variable(
    z
      .string()
      .transform((text) => text.split("|").map((line) => line.trim()))
      .pipe(z.array(z.string().refine((line) => isName(line, length))).max(max))
      .default([]),
    {
      expected: `at most ${max} lines separated by |, each of 1 to ${length} characters, without control characters`,
      example,
    },
  );

/** A name and a value in each, every name once; the name is the first group. */
const pairs = (form: RegExp) =>
  list()
    .pipe(z.array(z.string().regex(form)))
    .transform((entries) =>
      entries.map((entry): [string, string] => {
        const [, name = "", value = ""] = form.exec(entry) ?? [];
        return [name, value];
      }),
    )
    .refine((entries) => new Map(entries).size === entries.length);

const CURRENCY_WITH_DECIMALS = new RegExp(`^([A-Z]{3})=([0-${MAX_MINOR_UNIT}])$`);

/** WCAG 2.2, 1.4.3. */
function contrastOnWhite(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05);
}

/** S3 allows 10 000 parts of at least 5 MiB: enough for zips of 50 GB, and the least memory. */
const DEFAULT_PART_BYTES = 5 * MIB;

/** The environment of statement-builder; credentials come from `AWS_*` as in every AWS program. */
export const builderConfig = withIdentity(
  withoutPlainStore(
    withoutPlainDatabase(
      z
        .object({
          ...COMMON_VARIABLES,
          DATABASE_URL,
          DATABASE_CA_FILE: text({
            expected: "the path of a PEM file",
            example: "/etc/database-ca/ca.pem",
          }).optional(),
          /** `true`: rows may travel in plain text to another machine, as in a mesh that encrypts. */
          DATABASE_INSECURE: yesOrNo("false"),
          STATEMENT_VIEW: view("statement_transactions"),
          ACCOUNT_VIEW: view("statement_accounts"),
          /** One row and one column: the instant up to which the bank's data is whole. */
          STATEMENT_WATERMARK_VIEW: variable(z.string().regex(VIEW).optional(), {
            expected: "the name of a view, with or without its schema",
            example: "statement_watermark",
          }),
          /** Of requests to come; a record says what its own is. */
          PERIOD_BASIS: oneOf(PERIOD_BASES, "booking_date"),
          /** Of an account, read for its balance where booking order and posted order differ. */
          BOOKING_ORDER_ROWS: integer({ min: 1, max: 100_000_000, default: 1_000_000 }),
          MAX_STALENESS_SECONDS: integer({ min: 1, max: 86_400, default: 300 }),
          REPLICA_WITHOUT_WATERMARK: yesOrNo("false"),
          /** Digits behind the point where ISO 4217 says none: of XAU, and of codes of nobody (BTC). */
          CURRENCY_DECIMALS: variable(
            pairs(CURRENCY_WITH_DECIMALS)
              .refine((entries) => entries.every(([code]) => isoMinorUnit(code) === undefined))
              .default([]),
            {
              expected: `codes to which ISO 4217 gives no minor unit, each with its decimals, 0 to ${MAX_MINOR_UNIT}`,
              example: "XAU=4, BTC=5",
            },
          ),
          S3_BUCKET: variable(
            z
              .string()
              .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
              .refine((name) => !name.includes("..") && isIP(name) === 0),
            {
              expected: "the name of a bucket, without two dots in a row and not an address",
              example: "bank-statements",
            },
          ),
          S3_PREFIX: variable(
            z
              .string()
              .regex(/^([A-Za-z0-9._-]+\/)+$/)
              .max(MAX_PREFIX)
              .refine((prefix) => !/(^|\/)\.{1,2}\//.test(prefix))
              .default(""),
            {
              expected: `folders with a slash at the end, none of them . or .., of at most ${MAX_PREFIX} characters`,
              example: "statements/",
            },
          ),
          ...S3_VARIABLES,
          /** Some S3-compatible stores refuse the checksums that Amazon's S3 wants by default. */
          S3_CHECKSUMS: oneOf(["when_supported", "when_required"], "when_supported"),
          SSE_KMS_KEY_ID: text({
            expected: "the id or ARN of a KMS key",
            example: "alias/statements",
          }).optional(),
          /** Keys of tenants, who are told apart by the source of their events. */
          SSE_KMS_KEYS: variable(pairs(/^(\S+) (\S+)$/).default([]), {
            expected: "a source of events and the id or ARN of its KMS key, separated by commas",
            example: "/retail alias/retail, /private-bank alias/private-bank",
          }),
          SSE_KMS_CONTEXT: variable(pairs(/^([^\s=]+)=(.+)$/).default([]), {
            expected: "names and values separated by commas; {source} is the source of the event",
            example: "application=statements, tenant={source}",
          }),
          /** Signs every manifest with it. */
          SIGNING_KEY_FILE: text({
            expected: "the path of a private JSON Web Key with alg",
            example: "/etc/signing-key/key.json",
          }).optional(),
          /** All but the last four characters of a counterparty's account number. */
          MASK_COUNTERPARTY_ACCOUNT: yesOrNo("true"),
          /** `BANKID` of OFX, which importers may tell banks apart by. */
          OFX_BANK_ID: variable(
            z
              .string()
              .regex(/^[A-Za-z0-9]{1,9}$/)
              .optional(),
            { expected: "up to nine letters and digits", example: "37040044" },
          ),
          BANK_NAME: variable(
            z
              .string()
              .refine((name) => isName(name, 140))
              .optional(),
            {
              expected: "1 to 140 characters, without control characters",
              example: "Bank of Oslo",
            },
          ),
          BANK_BIC: variable(
            z
              .string()
              .regex(/^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$/)
              .optional(),
            { expected: "a BIC of ISO 9362", example: "COBADEFFXXX" },
          ),
          BANK_ADDRESS: lines(7, 70, "Kaiserplatz 1 | 60311 Frankfurt am Main"),
          BANK_LEGAL: lines(8, 200, "Amtsgericht Frankfurt am Main, HRB 32000 | VAT DE114103514"),
          /** Of headings and rules in the PDF. */
          BANK_COLOUR: variable(
            z
              .string()
              .regex(/^#[0-9A-Fa-f]{6}$/)
              .refine((colour) => contrastOnWhite(colour) >= 4.5)
              .optional(),
            {
              expected: "#RRGGBB, so dark that it can be read on white (a contrast of 4.5 to 1)",
              example: "#17406D",
            },
          ),
          /** On the cover of the PDF. */
          BANK_LOGO_FILE: text({
            expected: "the path of an SVG or a PNG",
            example: "/etc/bank-logo/logo.svg",
          }).optional(),
          /** The bank's own words for its types of transactions, in the place of the product's. */
          TYPE_WORDS_FILE: text({
            expected: "the path of a JSON file: by type, by language, a word",
            example: "/etc/type-words/types.json",
          }).optional(),
          /** What people know an account and its owner by; not set: the view has no column for it. */
          ACCOUNT_IBAN_COLUMN: column("ACCOUNT_VIEW", "iban"),
          ACCOUNT_NAME_COLUMN: column("ACCOUNT_VIEW", "name"),
          ACCOUNT_PRODUCT_COLUMN: column("ACCOUNT_VIEW", "product"),
          ACCOUNT_OWNER_COLUMN: column("ACCOUNT_VIEW", "owner_name"),
          /** Of ISO 20022's bank transaction codes; not set: statements have no such column. */
          TRANSACTION_CODE_COLUMN: column("STATEMENT_VIEW", "iso_code"),
          /** Delimiter and decimal sign by the statement's language, where the request does not say. */
          CSV_BY_LANGUAGE: yesOrNo("false"),
          CALLBACK_HOSTS,
          /** By which receivers of callbacks know this installation (`WebHook-Request-Origin`). */
          CALLBACK_ORIGIN: variable(
            z
              .string()
              .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/)
              .default("transactions-collector.io"),
            { expected: "a DNS name", example: "statements.bank.example" },
          ),
          LEASE_SECONDS: integer({ min: 1, max: 3_600, default: 60 }),
          LEASE_RENEW_SECONDS: integer({ min: 1, max: 1_200, default: 20 }),
          CLOCK_SKEW_SECONDS: integer({ min: 0, max: 3_600, default: 30 }),
          BUILD_DEADLINE_SECONDS: integer({ min: 1, max: 86_400, default: 540 }),
          MAX_FAILURES: integer({ min: 1, max: 1_000, default: 5 }),
          RETRY_BASE_SECONDS: integer({ min: 0, max: 3_600, default: 30 }),
          RETRY_MAX_SECONDS: integer({ min: 0, max: 86_400, default: 3_600 }),
          OVERSIZED_ROWS: variable(
            z
              .string()
              .regex(/^[1-9]\d{0,14}$/)
              .transform(Number)
              .optional(),
            { expected: "a number of rows", example: "5000000" },
          ),
          /** `true`: status-api is installed, so wishes to cancel may stand beside records: one more read a look. */
          CANCEL_WISHES: yesOrNo("false"),
          EXECUTION: oneOf(["service", "job"], "service"),
          /** Where a JobSink puts the event for a Job. */
          K_EVENT_PATH: text({
            expected: "the path of a folder with the file event, or of the file",
            example: "/etc/jobsink-event",
          }).optional(),
          /** What a statement has beside its tables where the request does not say. */
          STATEMENT_FORMATS: variable(
            list()
              .pipe(z.array(z.enum(FORMATS)))
              .prefault("csv"),
            {
              expected: `formats separated by commas, of ${FORMATS.join(", ")}`,
              example: "csv,pdf",
            },
          ),
          STATEMENT_LANGUAGE: oneOf(LANGUAGES, "en"),
          COMPRESSION: oneOf(["fast", "balanced", "small"], "balanced"),
          UPLOAD_PART_BYTES: integer({
            min: 5 * MIB,
            max: 512 * MIB,
            default: DEFAULT_PART_BYTES,
          }),
          UPLOAD_QUEUE: integer({ min: 1, max: 16, default: 2 }),
          HOSTNAME: z.string().default("builder"),
        })
        .refine((config) => config.LEASE_RENEW_SECONDS * 2 <= config.LEASE_SECONDS, {
          path: ["LEASE_RENEW_SECONDS"],
          message: "must be at most half of LEASE_SECONDS",
        })
        .refine((config) => config.RETRY_BASE_SECONDS <= config.RETRY_MAX_SECONDS, {
          path: ["RETRY_BASE_SECONDS"],
          message: "must be at most RETRY_MAX_SECONDS",
        })
        .refine((config) => config.EXECUTION !== "job" || config.K_EVENT_PATH !== undefined, {
          path: ["K_EVENT_PATH"],
          message: "is missing, and EXECUTION=job needs it",
        })
        .refine((config) => config.BANK_LOGO_FILE === undefined || config.BANK_NAME !== undefined, {
          path: ["BANK_NAME"],
          message:
            "is missing, and BANK_LOGO_FILE needs it: it is what the logo says to a screen reader",
        })
        // For an address the driver would look for the name localhost in the certificate.
        .refine(
          ({ DATABASE_CA_FILE, DATABASE_URL }) =>
            DATABASE_CA_FILE === undefined || !isOfAddress(DATABASE_URL),
          {
            path: ["DATABASE_URL"],
            message: "needs the host's name as its certificate has it, with DATABASE_CA_FILE",
          },
        ),
    ),
  ),
);

export type BuilderConfig = z.output<typeof builderConfig>;
