import * as z from "zod";
import { ALLOWED_SOURCES } from "../platform/requests/allowed-sources.ts";
import { PROCESS_VARIABLES } from "../platform/settings/config.ts";
import { withIdentity } from "../platform/settings/identity-variables.ts";
import { withoutPlainStore } from "../platform/settings/plain-text.ts";
import { S3_VARIABLES } from "../platform/settings/s3-variables.ts";
import { integer } from "../platform/settings/variables.ts";

/** Refused unless every asker is known, and what each of them may see: it tells of customers, and hands out files. */
export const statusApiConfig = withIdentity(
  withoutPlainStore(
    z
      .object({
        ...PROCESS_VARIABLES,
        ...S3_VARIABLES,
        /** The same as request-intake's; here every entry names the subject that may ask. */
        ALLOWED_SOURCES,
        /** How long a link holds, unless the credentials that sign it end sooner. */
        LINK_SECONDS: integer({ min: 10, max: 3_600, default: 300 }),
      })
      .refine(({ OIDC_ISSUER, IDENTITY }) => OIDC_ISSUER !== undefined || IDENTITY === undefined, {
        path: ["IDENTITY"],
        message: "is none, and here nobody is answered without a token: set OIDC_ISSUER",
        when: () => true,
      })
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
