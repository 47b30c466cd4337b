/** Whose tokens a function asks for; see `senders.ts`. */
import * as z from "zod";
import { list, text, variable } from "./variables.ts";

/** `https` alone: whoever can answer in the issuer's place makes tokens. Nobody asks it with a password. */
const issuer = z
  .string()
  .refine((value) => /^https:\/\/[^?#\s]+$/.test(value) && URL.parse(value)?.username === "");

/** Of a token, whole or with `*` for its end. */
export const SUBJECT = /^(\*|[^\s*]+\*?)$/;

export const IDENTITY_VARIABLES = {
  /** `none`: whoever reaches the port may send. Said aloud, or it is not so. */
  IDENTITY: variable(z.enum(["none"]).optional(), {
    expected: "none, where whoever reaches the port may send, or else OIDC_ISSUER",
    example: "none",
  }),
  /** With it every request with events needs a token of this issuer. */
  OIDC_ISSUER: variable(issuer.optional(), {
    expected: "an https URL, exactly as the issuer's tokens have it",
    example: "https://kubernetes.default.svc.cluster.local",
  }),
  /** For whom a token must be meant. */
  OIDC_AUDIENCE: text({
    expected: "the audience of this function",
    example: "request-intake",
  }).optional(),
  /**
   * Where the issuer's keys are found: at its own address, or at the API server of this pod's
   * cluster, which is the default for an issuer named `kubernetes.default.svc…`.
   */
  OIDC_DISCOVERY: variable(z.enum(["issuer", "cluster"]).optional(), {
    expected: "issuer or cluster",
    example: "cluster",
  }),
  /**
   * Subjects that may send here, `*` at the end of one; every subject of the issuer when not set, but on a path of
   * named ones.
   */
  OIDC_ALLOWED_SUBJECTS: variable(
    list()
      .pipe(z.array(z.string().regex(SUBJECT)))
      .optional(),
    {
      expected: "subjects separated by commas",
      example: "system:serviceaccount:statements:*",
    },
  ),
} as const;

interface IdentityVariables {
  readonly IDENTITY?: "none" | undefined;
  readonly OIDC_ISSUER?: string | undefined;
  readonly OIDC_AUDIENCE?: string | undefined;
  readonly OIDC_ALLOWED_SUBJECTS?: readonly string[] | undefined;
}

/**
 * The schema, asking for a whole identity or for a word that there is none: half of one would be a
 * door that only looks locked, and a forgotten one an open door that nobody opened.
 */
export function withIdentity<S extends z.ZodType<IdentityVariables>>(schema: S): S {
  return withWholeIdentity(schema).refine(
    (config) => config.IDENTITY !== undefined || config.OIDC_ISSUER !== undefined,
    {
      path: ["IDENTITY"],
      message: "is missing, and OIDC_ISSUER as well: nobody said who may send",
      when: saysNothingOfIdentity,
    },
  );
}

/** The same where nobody is answered without a token, whatever somebody says. */
export function withIssuer<S extends z.ZodType<IdentityVariables>>(schema: S): S {
  return withWholeIdentity(schema).refine((config) => config.OIDC_ISSUER !== undefined, {
    path: ["OIDC_ISSUER"],
    message: "is missing, and here nobody is answered without a token",
    when: saysNothingOfIdentity,
  });
}

/** Others of these variables have problems that say more. */
function saysNothingOfIdentity({ issues }: { readonly issues: readonly z.core.$ZodRawIssue[] }) {
  return !issues.some(({ path }) => /^(OIDC_|IDENTITY)/.test(String(path?.[0])));
}

function withWholeIdentity<S extends z.ZodType<IdentityVariables>>(schema: S): S {
  return schema
    .refine(
      (config) =>
        config.OIDC_ISSUER === undefined
          ? config.OIDC_AUDIENCE === undefined && config.OIDC_ALLOWED_SUBJECTS === undefined
          : config.OIDC_AUDIENCE !== undefined,
      {
        path: ["OIDC_ISSUER"],
        message: "and OIDC_AUDIENCE go together, and OIDC_ALLOWED_SUBJECTS needs both",
        when: () => true,
      },
    )
    .refine((config) => config.IDENTITY === undefined || config.OIDC_ISSUER === undefined, {
      path: ["IDENTITY"],
      message: "is none, and OIDC_ISSUER is set",
      when: () => true,
    });
}
