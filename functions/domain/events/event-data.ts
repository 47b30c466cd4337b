/**
 * The data of the events. The schemas here are the one source of the TypeScript types, of the checks at
 * intake and of the JSON Schemas in `eventing/schemas/`.
 */
import * as z from "zod";
import { DELIMITERS } from "../csv/csv-dialect.ts";
import { CUSTOMER_ID } from "../record-name.ts";
import { isCallbackUrl, MAX_CALLBACK_URL } from "../outcome/callback.ts";
import { parseStatementKey } from "../statement-key.ts";
import { FORMATS, LANGUAGES } from "../statement-options.ts";
import { isCalendarDate, isTimeZone } from "../statement-period.ts";
import { ERROR_CODES } from "../failure.ts";
import type { EventName } from "./event-types.ts";

const customerId = z.string().regex(CUSTOMER_ID).meta({
  description: "Opaque id of the customer; a Kubernetes label value, part of the object's key.",
});
const calendarDate = (description: string) =>
  z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/)
    .refine(isCalendarDate)
    .meta({ description, format: "date" });
const timeZone = z
  .string()
  .refine(isTimeZone)
  .meta({ description: "IANA time zone of both dates, such as Europe/Berlin." });

const csvOptions = z
  .strictObject({
    bom: z.boolean().optional().meta({ description: "A byte order mark in front. Default false." }),
    delimiter: z.enum(DELIMITERS).optional().meta({
      description: "Between fields. Default a comma; a semicolon with decimal_comma.",
    }),
    by_language: z.boolean().optional().meta({
      description:
        "Delimiter and decimal sign as the language's spreadsheets have them, unless named here too. Default false.",
    }),
    decimal_comma: z.boolean().optional().meta({
      description: "Amounts as -12,50; not with a comma as delimiter. Default false.",
    }),
    ids_as_text: z.boolean().optional().meta({
      description:
        'Ids, references and accounts as ="000123", so that a spreadsheet takes none for a number. Default false.',
    }),
  })
  .refine((csv) => !(csv.decimal_comma === true && csv.delimiter === ","), {
    path: ["decimal_comma"],
  })
  .meta({ description: "How transactions.csv, pending.csv and balances.csv are written." });

/** What may be chosen; each field may be left out, and has a default of the installation. */
export const requestOptions = z.object({
  formats: z
    .array(z.enum(FORMATS))
    .min(1)
    .max(FORMATS.length)
    .refine((formats) => new Set(formats).size === formats.length)
    .optional()
    .meta({
      description: "Further files of the same rows; csv is always there.",
      uniqueItems: true,
    }),
  language: z.enum(LANGUAGES).optional().meta({
    description: "BCP 47 tag of the language of README.txt and statement.pdf.",
  }),
  partial: z.boolean().optional().meta({
    description: "Let end_date be today: the statement ends where the data does. Default false.",
  }),
  include_pending: z.boolean().optional().meta({
    description: "Transactions that are not booked yet, in pending.csv. Default false.",
  }),
  supersedes: z.string().refine(isStatementId).optional().meta({
    description: "statement_id of an earlier statement of the same period that this one replaces.",
  }),
  combined: z.boolean().optional().meta({
    description:
      "All accounts and currencies in one file of camt.053, and in one of OFX. Default false: where there are several, a file for each.",
  }),
  csv: csvOptions.optional(),
  callback_url: z.string().max(MAX_CALLBACK_URL).refine(isCallbackUrl).optional().meta({
    description:
      "Where the outcome event is posted too: https, a host that the installation lists, no user and no fragment.",
    format: "uri",
  }),
});

/** The file name of an object without its ending. */
function isStatementId(text: string): boolean {
  return !text.includes("/") && parseStatementKey(`${text}.zip`) !== undefined;
}

/** Data of `requested`: what an upstream service posts. */
export const requestedData = z.strictObject({
  customer_id: customerId,
  start_date: calendarDate("First day of the statement, inclusive, 1970-01-02 or later."),
  end_date: calendarDate("Last day of the statement, inclusive, in the past unless partial."),
  time_zone: timeZone.optional(),
  ...requestOptions.shape,
});
export type RequestedData = z.infer<typeof requestedData>;

/** Fields the contract names and this version does not build yet: refused, never ignored. */
export const UNSUPPORTED_OPTIONS = ["priority"] as const;

const wakeUpData = z.strictObject({
  request_id: z.string().meta({ description: "Name of the record (a ConfigMap) in the ledger." }),
  customer_id: customerId,
  start_date: calendarDate("First day of the statement, inclusive."),
  end_date: calendarDate("Last day of the statement, inclusive."),
  time_zone: timeZone,
  status: z.enum(["pending", "processing", "executed", "failed", "cancelled"]),
});

/** Data of each event type, by the name in its type. */
export const EVENT_DATA = {
  requested: requestedData,
  recorded: wakeUpData.extend({
    status: wakeUpData.shape.status.optional().meta({
      description: "Sent by version 0.1.0, always as pending; the record may have come further.",
    }),
  }),
  due: wakeUpData.extend({
    outcome_repeats: z.int().min(0).optional().meta({
      description:
        "The outcome is to be sent once more, because a consumer was not told; how often it was already.",
    }),
  }),
  oversized: wakeUpData,
  executed: wakeUpData.extend({
    status: z.literal("executed"),
    bucket: z.string(),
    key: z.string(),
    rows: z.int().min(0).meta({ description: "Rows of transactions.csv without its header." }),
    bytes: z.int().min(0).meta({ description: "Size of the zip." }),
    sha256: z.string().meta({ description: "SHA-256 of the zip, lower-case hex." }),
    as_of: z.string().meta({ description: "Instant of the database snapshot, RFC 3339." }),
    executed_at: z.string().meta({ description: "RFC 3339 in UTC." }),
  }),
  failed: wakeUpData.extend({
    status: z.literal("failed"),
    error_code: z.enum(ERROR_CODES),
    failed_at: z.string().meta({ description: "RFC 3339 in UTC." }),
  }),
  cancelled: wakeUpData.extend({
    status: z.literal("cancelled"),
    cancelled_at: z.string().meta({ description: "RFC 3339 in UTC." }),
  }),
} as const satisfies Record<EventName, z.ZodType>;
