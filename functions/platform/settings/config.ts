/**
 * Configuration comes from the environment alone, is read once, and every bad or missing variable
 * is reported at once. An empty string counts as missing, as a manifest's `value: ""` means it.
 */
import * as z from "zod";
import { certificatesIn } from "../tls/ca-certificates.ts";
import { IDENTITY_VARIABLES } from "./identity-variables.ts";
import { TRACING_VARIABLES } from "./tracing-variables.ts";
import { LOG_LEVELS, integer, oneOf, text, url, variable } from "./variables.ts";

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
  const issues = result.error?.issues ?? [];
  const problems = issues.map((issue) => describeProblem(schema, issue, present));
  if (present[SWITCH] === "0") problems.push(NOT_VERIFYING);
  if (result.success && problems.length === 0) return result.data;
  throw new ConfigError([...new Set(problems)]);
}

/** Node's switch for all connections at once: with it `https` and a CA of one's own would be words. */
const SWITCH = "NODE_TLS_REJECT_UNAUTHORIZED";
const NOT_VERIFYING = `${SWITCH} is 0: nobody's certificate would be looked at; take it away, and name the CA where one is not known (S3_CA_FILE, DATABASE_CA_FILE, K_CA_CERTS)`;

function describeProblem(
  schema: z.ZodObject,
  issue: z.core.$ZodIssue,
  present: Environment,
): string {
  const name = String(issue.path[0] ?? "environment");
  const shape: Readonly<Record<string, z.core.$ZodType>> = schema.shape;
  const hint = hintOf(shape[name], isOwnMessage(issue));
  const expected = typeof hint?.["expected"] === "string" ? `; expected ${hint["expected"]}` : "";
  const example = typeof hint?.["example"] === "string" ? `, for example ${hint["example"]}` : "";
  return `${name} ${whatIsWrong(issue, name in present)}${expected}${example}`;
}

/** @param itself not of what was made optional: a message of ours about that one says itself what to do */
function hintOf(
  schema: z.core.$ZodType | undefined,
  itself: boolean,
): Readonly<Record<string, unknown>> | undefined {
  if (!schema) return undefined;
  const inner = !itself && schema instanceof z.ZodOptional ? schema.unwrap() : undefined;
  return z.globalRegistry.get(schema) ?? hintOf(inner, itself);
}

function isOwnMessage(issue: z.core.$ZodIssue): boolean {
  return issue.code === "custom" && issue.message !== "Invalid input";
}

/** Zod's own messages can quote the value, which may be a secret; ours are written here. */
function whatIsWrong(issue: z.core.$ZodIssue, present: boolean): string {
  if (isOwnMessage(issue)) return issue.message;
  return present ? "is not valid" : "is missing";
}

/**
 * Days an ended request stays in the ledger. Intake reads it too: an event may not be repeated
 * after its record is gone, or it would become a second file. Two at least, as EVENT_WINDOW_DAYS is less.
 */
export const RETENTION_DAYS = integer({ min: 2, max: 3_650, default: 30 });

// --- what the functions share ------------------------------------------------------------------

/** CloudEvents 1.0.2, sections 3 and 3.1: what makes an event, and its data, is no extension. */
const ATTRIBUTE =
  /^(id|source|type|specversion|subject|time|datacontenttype|dataschema|data|data_base64)$/;

/** Knative's CloudEvent overrides: attributes a sink binding adds to every event that is sent. */
const extensionName = z
  .string()
  .regex(/^[a-z0-9]+$/)
  .refine((name) => !ATTRIBUTE.test(name));
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
  .pipe(z.object({ extensions: z.record(extensionName, z.string()).optional() }))
  .transform(({ extensions }) => extensions ?? {});

/** What every function has. */
export const PROCESS_VARIABLES = {
  PORT: integer({ min: 0, max: 65_535, default: 8080 }),
  /** Address to listen on; every one of the pod when not set. */
  HOST: text({ expected: "an address of this machine", example: "127.0.0.1" }).optional(),
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
  /** CA certificates to trust besides those of the system. */
  K_CA_CERTS: variable(z.string().refine(certificatesIn).optional(), {
    expected: "certificates in PEM form",
    example: "-----BEGIN CERTIFICATE-----…",
  }),
  ...IDENTITY_VARIABLES,
  ...TRACING_VARIABLES,
} as const;

interface Ports {
  readonly PORT: number;
  readonly METRICS_PORT: number;
}

/** The schema, refusing one port for both: the metrics would take it, and nobody would be served. */
export function withOwnPorts<S extends z.ZodType<Ports>>(schema: S): S {
  return schema.refine(({ PORT, METRICS_PORT }) => PORT === 0 || PORT !== METRICS_PORT, {
    path: ["METRICS_PORT"],
    message: "is that of PORT",
    when: () => true,
  });
}

/** And what a function has that sends events. */
export const COMMON_VARIABLES = {
  ...PROCESS_VARIABLES,
  /** Set by a SinkBinding. */
  K_SINK: url("http://broker-ingress.knative-eventing.svc.cluster.local/statements/statements"),
  K_CE_OVERRIDES: variable(eventOverrides.optional(), {
    expected: "JSON with an object of extension attributes",
    example: `{"extensions":{"region":"eu"}}`,
  }),
} as const;

export type CommonConfig = z.output<z.ZodObject<typeof PROCESS_VARIABLES>>;
