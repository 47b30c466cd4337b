/** What the environment tells the local run; each variable puts something real in a local one's place. */
import { resolve } from "node:path";

export type Mode = "demo" | "run";
type Environment = Readonly<Record<string, string | undefined>>;

export interface LocalSettings {
  /** Everything the run leaves behind: statements, logs, state. */
  readonly outDir: string;
  /** Added to every usual port; `free` takes whatever is free. */
  readonly portOffset: number | "free";
  /** Cron in place of the schedule in `eventing/`; six fields begin with seconds. */
  readonly tickSchedule: string | undefined;
  readonly databaseUrl: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly namespace: string;
  /** A store of one's own: Amazon's when it has no endpoint. */
  readonly objectStore:
    { readonly bucket: string; readonly endpoint: string | undefined } | undefined;
  /** Fields of the sample request to replace, for a database of one's own. */
  readonly request: Readonly<Record<string, string>>;
}

/** The usual ports of `make run`. */
export const PORTS = {
  router: 8080,
  "request-intake": 8081,
  "pending-scanner": 8082,
  "statement-builder": 8083,
  "Kubernetes API": 8001,
  S3: 9000,
  MariaDB: 3307,
} as const;
export type PortName = keyof typeof PORTS;

/** Of the local S3 server alone, which listens on this machine only. */
export const LOCAL_CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local-only" };
export const LOCAL_BUCKET = "statements";

/** @throws Error that says which variable is wrong and what it may be. */
export function readLocalSettings(env: Environment): LocalSettings {
  const read = (name: string): string | undefined => env[name] || undefined;
  const bucket = read("S3_BUCKET");
  const endpoint = readUrl("S3_ENDPOINT", read("S3_ENDPOINT"), ["http:", "https:"]);
  return {
    outDir: resolve(read("OUT_DIR") ?? "out"),
    portOffset: readOffset(read("PORT_OFFSET") ?? "0"),
    tickSchedule: read("TICK_SCHEDULE"),
    databaseUrl: readUrl("DATABASE_URL", read("DATABASE_URL"), ["mysql:"]),
    kubeconfig: read("KUBECONFIG"),
    namespace: read("LEDGER_NAMESPACE") ?? "transaction-requests",
    objectStore: bucket || endpoint ? { bucket: bucket ?? "statements", endpoint } : undefined,
    request: withoutGaps({
      customer_id: read("CUSTOMER"),
      start_date: read("START_DATE"),
      end_date: read("END_DATE"),
    }),
  };
}

function readOffset(text: string): number | "free" {
  if (text === "free") return "free";
  const offset = Number(text);
  if (Number.isInteger(offset) && offset >= 0 && offset <= 50_000) return offset;
  throw new Error('PORT_OFFSET is not valid: a number from 0 to 50000, or "free"');
}

/** Says nothing of the value: it may hold a password. */
function readUrl<T extends string | undefined>(
  name: string,
  value: T,
  protocols: readonly [string, ...string[]],
): T {
  if (value === undefined || protocols.includes(URL.parse(value)?.protocol ?? "")) return value;
  throw new Error(`${name} is not valid: a URL that begins with ${protocols.join("// or ")}//`);
}

function withoutGaps(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Record<string, string>;
}
