import * as z from "zod";
import { SOURCES_OF_SUBJECTS } from "../platform/requests/allowed-sources.ts";
import { PROCESS_VARIABLES } from "../platform/settings/config.ts";
import { withIssuer } from "../platform/settings/identity-variables.ts";
import { withoutPlainStore } from "../platform/settings/plain-text.ts";
import { S3_VARIABLES } from "../platform/settings/s3-variables.ts";
import { integer, text, variable } from "../platform/settings/variables.ts";

/** Refused unless every asker is known, and what each of them may see: it tells of customers, and hands out files. */
export const statusApiConfig = withIssuer(
  withoutPlainStore(
    z
      .object({
        ...PROCESS_VARIABLES,
        ...S3_VARIABLES,
        /** The same as request-intake's; here every entry names the subject that may ask. */
        ALLOWED_SOURCES: SOURCES_OF_SUBJECTS,
        /** Of credentials that end; the SDK reads it itself. */
        AWS_SESSION_TOKEN: text({
          expected: "a session token",
          example: "FwoGZXIvYXdz…",
        }).optional(),
        /** When those end, as the SDK reads it too: without it no link could say truly when it ends. */
        AWS_CREDENTIAL_EXPIRATION: variable(z.iso.datetime({ offset: true }).optional(), {
          expected: "the end of the session as RFC 3339 has it",
          example: "2026-01-31T09:30:00Z",
        }),
        /** How long a link holds, unless the credentials that sign it end sooner. */
        LINK_SECONDS: integer({ min: 10, max: 3_600, default: 300 }),
      })
      .refine(
        ({ AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION }) =>
          AWS_SESSION_TOKEN === undefined || AWS_CREDENTIAL_EXPIRATION !== undefined,
        {
          path: ["AWS_CREDENTIAL_EXPIRATION"],
          message: "is missing, and with AWS_SESSION_TOKEN a link could end sooner than it says",
          when: () => true,
        },
      )
      .refine(({ ALLOWED_SOURCES: allowed }) => allowed !== undefined, {
        path: ["ALLOWED_SOURCES"],
        message: "is missing, and without it nobody could see anything",
      })
      .refine(
        ({ ALLOWED_SOURCES: allowed }) => allowed?.every((one) => one.sender !== undefined) ?? true,
        {
          path: ["ALLOWED_SOURCES"],
          message: "has a source without a subject in front, which everybody could ask about",
        },
      ),
  ),
);

export type StatusApiConfig = z.output<typeof statusApiConfig>;
