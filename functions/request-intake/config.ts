import * as z from "zod";
import { PERIOD_BASES } from "../domain/manifest.ts";
import { isTimeZone } from "../domain/statement-period.ts";
import { CALLBACK_HOSTS } from "../platform/settings/callback-hosts.ts";
import { COMMON_VARIABLES } from "../platform/settings/config.ts";
import { eventWindow, withEventWindow } from "../platform/settings/event-window.ts";
import { withIdentity } from "../platform/settings/identity-variables.ts";
import { integer, oneOf, variable, yesOrNo } from "../platform/settings/variables.ts";
import { ALLOWED_SOURCES } from "../platform/requests/allowed-sources.ts";

/** Half of a ConfigMap's size, because what is no event is kept whole and as base64. */
const LARGEST_BODY = 524_288;

export const requestIntakeConfig = withIdentity(
  withEventWindow(
    z.object({
      ...COMMON_VARIABLES,
      /** IANA zone of the dates of requests that name none. */
      STATEMENT_TIME_ZONE: variable(z.string().refine(isTimeZone).default("UTC"), {
        expected: "the name of an IANA time zone",
        example: "Europe/Berlin",
      }),
      /** By which day a row belongs to a period; written into each record. */
      PERIOD_BASIS: oneOf(PERIOD_BASES, "booking_date"),
      MAX_PERIOD_MONTHS: integer({ min: 1, max: 1_200, default: 24 }),
      /** 64 KiB is what CloudEvents asks every intermediary to pass on (1.0.2, "Size limits"). */
      MAX_BODY_BYTES: integer({ min: 1_024, max: LARGEST_BODY, default: 65_536 }),
      ...eventWindow.shape,
      /** Four fifths of the quota of the ledger's namespace: a fifth is left to all others. */
      MAX_RECORDS_PER_SOURCE: integer({ min: 1, max: 10_000_000, default: 160_000 }),
      /** `true`: reached from outside the cluster. It serves events alone, and not without tokens. */
      PUBLIC_ROUTE: yesOrNo("false"),
      ALLOWED_SOURCES,
      CALLBACK_HOSTS,
      /** Before an outcome that a consumer was not told is sent again; four times as long each time. */
      OUTCOME_REPEAT_SECONDS: integer({ min: 1, max: 86_400, default: 60 }),
      /** Wake-ups a minute; what is left out waits for the tick. */
      WAKEUPS_PER_CUSTOMER: integer({ min: 0, max: 100_000, default: 10 }),
    }),
  )
    .refine(({ PUBLIC_ROUTE, OIDC_ISSUER }) => !PUBLIC_ROUTE || OIDC_ISSUER !== undefined, {
      path: ["PUBLIC_ROUTE"],
      message: "is true, and without OIDC_ISSUER anybody outside might send",
    })
    .refine(
      ({ OIDC_ISSUER, ALLOWED_SOURCES }) =>
        OIDC_ISSUER !== undefined || !ALLOWED_SOURCES?.some((one) => one.sender !== undefined),
      {
        path: ["ALLOWED_SOURCES"],
        message: "names senders, and without OIDC_ISSUER none is known",
      },
    ),
);

export type RequestIntakeConfig = z.output<typeof requestIntakeConfig>;
