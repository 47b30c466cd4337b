/**
 * Configuration comes from the environment alone, is read once, and every bad or missing variable
 * is reported at once. An empty string counts as missing, as a manifest's `value: ""` means it.
 */
import * as z from "zod";
import { LOG_LEVELS } from "./log.ts";

// zod would compile a parser for each schema, which pays only for what is parsed thousands of times.
z.config({ jitless: true });

/** Exit code of `EX_CONFIG` in sysexits.h: starting again will not help. */
export const EXIT_CONFIG = 78;

export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** One line per variable: its name, what is wrong, what is expected, an example. No values. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the configuration is not valid: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws ConfigError that lists every problem. */
export function readConfig<S extends z.ZodObject>(schema: S, env: Environment): z.output<S> {
  const present = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ""),
  );
  const result = schema.safeParse(present);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => describeProblem(schema, issue, present));
  throw new ConfigError([...new Set(problems)]);
}

function describeProblem(
  schema: z.ZodObject,
  issue: z.core.$ZodIssue,
  present: Environment,
): string {
  const name = String(issue.path[0] ?? "environment");
  const shape: Readonly<Record<string, z.core.$ZodType>> = schema.shape;
  const hint = shape[name] && z.globalRegistry.get(shape[name]);
  const expected = typeof hint?.["expected"] === "string" ? `; expected ${hint["expected"]}` : "";
  const example = typeof hint?.["example"] === "string" ? `, for example ${hint["example"]}` : "";
  return `${name} ${whatIsWrong(issue, name in present)}${expected}${example}`;
}

/** Zod's own messages can quote the value, which may be a secret; ours are written here. */
function whatIsWrong(issue: z.core.$ZodIssue, present: boolean): string {
  if (issue.code === "custom" && issue.message !== "Invalid input") return issue.message;
  return present ? "is not valid" : "is missing";
}

// --- kinds of variables ------------------------------------------------------------------------

/** What a problem's line says about a variable. */
interface Hint {
  readonly expected: string;
  readonly example: string;
}

export function variable<S extends z.ZodType>(schema: S, hint: Hint): S {
  z.globalRegistry.add(schema, { ...hint });
  return schema;
}

interface IntegerRange {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

export function integer({ min, max, default: value }: IntegerRange) {
  return variable(
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number)
      .pipe(z.int().min(min).max(max))
      .default(value),
    { expected: `a whole number from ${min} to ${max}`, example: String(value) },
  );
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T, value: T[number]) {
  return variable(z.enum(values).default(value as never), {
    expected: `one of ${values.join(", ")}`,
    example: value,
  });
}

export function text(hint: Hint) {
  return variable(z.string(), hint);
}

export function url(example: string) {
  return variable(
    z.string().refine((value) => isHttpUrl(value)),
    { expected: "an http or https URL", example },
  );
}

function isHttpUrl(value: string): boolean {
  return /^https?:$/.test(URL.parse(value)?.protocol ?? "");
}

/**
 * Days an ended request stays in the ledger. Intake reads it too: an event may not be repeated
 * after its record is gone, or it would become a second file.
 */
export const RETENTION_DAYS = integer({ min: 1, max: 3_650, default: 30 });

// --- what the three functions share ------------------------------------------------------------

/** Knative's CloudEvent overrides: attributes a sink binding adds to every event that is sent. */
const eventOverrides = z
  .string()
  .transform((json, context): unknown => {
    try {
      return JSON.parse(json);
    } catch {
      context.addIssue({ code: "custom", message: "is not JSON" });
      return z.NEVER;
    }
  })
  .pipe(z.object({ extensions: z.record(z.string().regex(/^[a-z0-9]+$/), z.string()).optional() }))
  .transform(({ extensions }) => extensions ?? {});

/** `https` alone: whoever can answer in the issuer's place makes tokens. */
const issuer = z
  .string()
  .refine((value) => /^https:\/\/[^?#]+$/.test(value) && URL.canParse(value));

/** Of a token, whole or with `*` for its end. */
export const SUBJECT = /^(\*|[^\s*]+\*?)$/;

/** Values separated by commas. */
export function list() {
  return z
    .string()
    .transform((text) => text.split(",").map((one) => one.trim()))
    .pipe(z.array(z.string().min(1)));
}

const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/;

export const COMMON_VARIABLES = {
  PORT: integer({ min: 0, max: 65_535, default: 8080 }),
  METRICS_PORT: integer({ min: 0, max: 65_535, default: 9464 }),
  LOG_LEVEL: oneOf(LOG_LEVELS, "info"),
  /** How long requests in flight may go on after SIGTERM. */
  DRAIN_SECONDS: integer({ min: 0, max: 3_600, default: 20 }),
  LEDGER_NAMESPACE: variable(
    z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
      .default("transaction-requests"),
    { expected: "the name of a Kubernetes namespace", example: "transaction-requests" },
  ),
  /** Without it, the pod's own service account. */
  KUBECONFIG: variable(z.string().optional(), {
    expected: "the path of a kubeconfig file",
    example: "/etc/kubernetes/kubeconfig",
  }),
  /** Set by a SinkBinding. */
  K_SINK: url("http://broker-ingress.knative-eventing.svc.cluster.local/statements/statements"),
  K_CE_OVERRIDES: variable(eventOverrides.optional(), {
    expected: "JSON with an object of extension attributes",
    example: `{"extensions":{"region":"eu"}}`,
  }),
  /** CA certificates to trust besides those of the system. */
  K_CA_CERTS: variable(z.string().regex(pem).optional(), {
    expected: "certificates in PEM form",
    example: "-----BEGIN CERTIFICATE-----…",
  }),
  /** With it every request with events needs a token of this issuer; without it nobody is asked. */
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
  /** Subjects that may send here, `*` at the end of one; every subject of the issuer when not set. */
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
  readonly OIDC_ISSUER?: string | undefined;
  readonly OIDC_AUDIENCE?: string | undefined;
  readonly OIDC_ALLOWED_SUBJECTS?: readonly string[] | undefined;
}

/** For `.refine(...)`: half of an identity would be a door that only looks locked. */
export const WHOLE_IDENTITY: Parameters<z.ZodType<IdentityVariables>["refine"]> = [
  (config: IdentityVariables) =>
    config.OIDC_ISSUER === undefined
      ? config.OIDC_AUDIENCE === undefined && config.OIDC_ALLOWED_SUBJECTS === undefined
      : config.OIDC_AUDIENCE !== undefined,
  {
    path: ["OIDC_ISSUER"],
    message: "and OIDC_AUDIENCE go together, and OIDC_ALLOWED_SUBJECTS needs both",
    when: () => true,
  },
];

export type CommonConfig = z.output<z.ZodObject<typeof COMMON_VARIABLES>>;
