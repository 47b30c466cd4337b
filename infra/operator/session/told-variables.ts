/** What the tool has to know of what a function is told: by these the words of an installation are its own. */
import * as z from "zod";
import { RETENTION_DAYS } from "../../../functions/platform/settings/config.ts";
import { builderConfig } from "../../../functions/statement-builder/config.ts";

const builder = builderConfig.shape;

/** Of pending-scanner: how long it keeps what has ended. */
export const RETENTION = z.object({ RETENTION_DAYS });

/** Of statement-builder: by which it claims. */
export const CLAIMS = z.object({
  LEASE_SECONDS: builder.LEASE_SECONDS,
  CLOCK_SKEW_SECONDS: builder.CLOCK_SKEW_SECONDS,
  MAX_FAILURES: builder.MAX_FAILURES,
});

/** Of statement-builder: what it reads of its database, and how. */
export const SOURCE = z.object({
  STATEMENT_VIEW: builder.STATEMENT_VIEW,
  ACCOUNT_VIEW: builder.ACCOUNT_VIEW,
  ACCOUNT_IBAN_COLUMN: builder.ACCOUNT_IBAN_COLUMN,
  ACCOUNT_NAME_COLUMN: builder.ACCOUNT_NAME_COLUMN,
  ACCOUNT_PRODUCT_COLUMN: builder.ACCOUNT_PRODUCT_COLUMN,
  ACCOUNT_OWNER_COLUMN: builder.ACCOUNT_OWNER_COLUMN,
  TRANSACTION_CODE_COLUMN: builder.TRANSACTION_CODE_COLUMN,
  STATEMENT_WATERMARK_VIEW: builder.STATEMENT_WATERMARK_VIEW,
  MAX_STALENESS_SECONDS: builder.MAX_STALENESS_SECONDS,
  REPLICA_WITHOUT_WATERMARK: builder.REPLICA_WITHOUT_WATERMARK,
  CLOCK_SKEW_SECONDS: builder.CLOCK_SKEW_SECONDS,
  PERIOD_BASIS: builder.PERIOD_BASIS,
});

/** `CLAIMS`, as the domain reckons with them. */
export interface ClaimTerms {
  readonly leaseMs: number;
  readonly clockSkewMs: number;
  readonly maxFailures: number;
}

export function claimTerms(told: z.output<typeof CLAIMS>): ClaimTerms {
  return {
    leaseMs: told.LEASE_SECONDS * 1000,
    clockSkewMs: told.CLOCK_SKEW_SECONDS * 1000,
    maxFailures: told.MAX_FAILURES,
  };
}
