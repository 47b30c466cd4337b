/**
 * A request as a ConfigMap and back. The data is what `kubectl get configmap -o yaml` shows and
 * what the first design promised: `customer_id`, `start_date`, `end_date`, `status`, and the rest
 * of the ledger's fields. Times are RFC 3339 in UTC with milliseconds.
 */
import { createHash } from "node:crypto";
import type { V1ConfigMap } from "@kubernetes/client-node";
import { eventHash } from "../../domain/record-name.ts";
import {
  ERROR_CODES,
  isFinal,
  type ErrorCode,
  type ObjectLocation,
  type RequestFacts,
  type StatementRequest,
} from "../../domain/statement-request.ts";

const LABEL_PREFIX = "transactions-collector.io";
export const LABELS = {
  status: `${LABEL_PREFIX}/status`,
  customer: `${LABEL_PREFIX}/customer`,
  event: `${LABEL_PREFIX}/event`,
  announced: `${LABEL_PREFIX}/announced`,
  managedBy: "app.kubernetes.io/managed-by",
  component: "app.kubernetes.io/component",
} as const;
export const COMPONENTS = { request: "statement-request", rejected: "rejected-event" } as const;
export const MANAGER = "transactions-collector";

export const sha256Hex = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The record was changed by hand into something that is no request. */
export class UnreadableRecord extends Error {
  override readonly name = "UnreadableRecord";
}

// --- to ----------------------------------------------------------------------------------------

export function toLabels(request: StatementRequest): Record<string, string> {
  return {
    [LABELS.managedBy]: MANAGER,
    [LABELS.component]: COMPONENTS.request,
    [LABELS.status]: request.status,
    [LABELS.customer]: request.customerId,
    [LABELS.event]: eventHash(request.event.source, request.event.id, sha256Hex),
    ...(isFinal(request) ? { [LABELS.announced]: String(request.announced) } : {}),
  };
}

export function toData(request: StatementRequest): Record<string, string> {
  const { object } = request;
  return withoutGaps({
    customer_id: request.customerId,
    start_date: request.startDate,
    end_date: request.endDate,
    status: request.status,
    time_zone: request.timeZone,
    options: JSON.stringify(request.options),
    event_source: request.event.source,
    event_id: request.event.id,
    event_time: rfc3339(request.event.time),
    event_type: request.event.type,
    recorded_at: rfc3339(request.recordedAt),
    traceparent: request.traceparent,
    attempt: String(request.attempt),
    failures: String(request.failures),
    lane: request.lane,
    object_bucket: object?.bucket,
    object_key: object?.key,
    cancel_requested_at: rfc3339(request.cancelRequestedAt),
    last_error: request.lastError,
    ...stateData(request),
  });
}

function stateData(request: StatementRequest): Record<string, string | undefined> {
  switch (request.status) {
    case "pending":
      return {
        next_attempt_at: rfc3339(request.nextAttemptAt),
        lease_expires_at: rfc3339(request.leaseExpiresAt),
      };
    case "processing":
      return { holder: request.holder, lease_expires_at: rfc3339(request.leaseExpiresAt) };
    case "executed":
      return {
        rows: String(request.rows),
        bytes: String(request.bytes),
        sha256: request.sha256,
        as_of: rfc3339(request.asOf),
        executed_at: rfc3339(request.executedAt),
      };
    case "failed":
      return { error_code: request.errorCode, failed_at: rfc3339(request.failedAt) };
    case "cancelled":
      return { cancelled_at: rfc3339(request.cancelledAt) };
  }
}

function withoutGaps(fields: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function rfc3339(epochMs: number): string;
function rfc3339(epochMs: number | undefined): string | undefined;
function rfc3339(epochMs: number | undefined): string | undefined {
  return epochMs === undefined ? undefined : new Date(epochMs).toISOString();
}

/** Every field this version writes; others are somebody else's and are kept. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  "customer_id",
  "start_date",
  "end_date",
  "status",
  "time_zone",
  "options",
  "event_source",
  "event_id",
  "event_time",
  "event_type",
  "recorded_at",
  "traceparent",
  "attempt",
  "failures",
  "holder",
  "lease_expires_at",
  "next_attempt_at",
  "lane",
  "cancel_requested_at",
  "object_bucket",
  "object_key",
  "rows",
  "bytes",
  "sha256",
  "as_of",
  "executed_at",
  "failed_at",
  "cancelled_at",
  "error_code",
  "last_error",
]);

/** What another version or tool has added to a record. */
export function foreignData(configMap: V1ConfigMap): Record<string, string> {
  const entries = Object.entries(configMap.data ?? {});
  return Object.fromEntries(entries.filter(([field]) => !OWN_FIELDS.has(field)));
}

// --- from --------------------------------------------------------------------------------------

/** @throws UnreadableRecord naming the field, never its value. */
export function fromConfigMap(configMap: V1ConfigMap): StatementRequest {
  const read = makeFieldReader(configMap.data ?? {});
  const progress = {
    ...readFacts(configMap.metadata?.name ?? "", read),
    attempt: read.count("attempt"),
    failures: read.count("failures"),
    lane: read.oneOf("lane", ["service", "job"]),
    object: readObject(read),
    cancelRequestedAt: read.optional("cancel_requested_at", read.time),
    lastError: read.optional("last_error", read.text),
  };
  const announced = configMap.metadata?.labels?.[LABELS.announced] === "true";
  const status = read.oneOf("status", [
    "pending",
    "processing",
    "executed",
    "failed",
    "cancelled",
  ] as const);
  switch (status) {
    case "pending":
      return {
        ...progress,
        status,
        nextAttemptAt: read.time("next_attempt_at"),
        leaseExpiresAt: read.optional("lease_expires_at", read.time),
      };
    case "processing":
      return {
        ...progress,
        status,
        object: needObject(progress.object),
        holder: read.text("holder"),
        leaseExpiresAt: read.time("lease_expires_at"),
      };
    case "executed":
      return {
        ...progress,
        status,
        announced,
        object: needObject(progress.object),
        rows: read.count("rows"),
        bytes: read.count("bytes"),
        sha256: read.text("sha256"),
        asOf: read.time("as_of"),
        executedAt: read.time("executed_at"),
      };
    case "failed":
      return {
        ...progress,
        status,
        announced,
        errorCode: read.oneOf<ErrorCode>("error_code", ERROR_CODES),
        failedAt: read.time("failed_at"),
      };
    case "cancelled":
      return { ...progress, status, announced, cancelledAt: read.time("cancelled_at") };
  }
}

function readFacts(name: string, read: FieldReader): RequestFacts {
  return {
    name,
    customerId: read.text("customer_id"),
    startDate: read.text("start_date"),
    endDate: read.text("end_date"),
    timeZone: read.text("time_zone"),
    options: read.object("options"),
    event: {
      source: read.text("event_source"),
      id: read.text("event_id"),
      type: read.text("event_type"),
      time: read.time("event_time"),
    },
    recordedAt: read.time("recorded_at"),
    traceparent: read.optional("traceparent", read.text),
  };
}

function readObject(read: FieldReader): ObjectLocation | undefined {
  const key = read.optional("object_key", read.text);
  return key === undefined ? undefined : { key, bucket: read.text("object_bucket") };
}

function needObject(object: ObjectLocation | undefined): ObjectLocation {
  if (!object) throw new UnreadableRecord("field object_key is missing");
  return object;
}

interface FieldReader {
  readonly text: (field: string) => string;
  readonly time: (field: string) => number;
  readonly count: (field: string) => number;
  readonly oneOf: <T extends string>(field: string, allowed: readonly T[]) => T;
  readonly object: (field: string) => Readonly<Record<string, unknown>>;
  readonly optional: <T>(field: string, read: (field: string) => T) => T | undefined;
}

function makeFieldReader(data: Readonly<Record<string, string>>): FieldReader {
  const text = (field: string): string => {
    const value = data[field];
    if (value === undefined) throw new UnreadableRecord(`field ${field} is missing`);
    return value;
  };
  const wrong = (field: string, expected: string): UnreadableRecord =>
    new UnreadableRecord(`field ${field} is not ${expected}`);
  return {
    text,
    time(field) {
      const value = Date.parse(text(field));
      if (Number.isNaN(value)) throw wrong(field, "an RFC 3339 time");
      return value;
    },
    count(field) {
      const value = Number(text(field));
      if (!Number.isSafeInteger(value) || value < 0) throw wrong(field, "a count");
      return value;
    },
    oneOf(field, allowed) {
      const value = allowed.find((one) => one === text(field));
      if (value === undefined) throw wrong(field, `one of ${allowed.join(", ")}`);
      return value;
    },
    object(field) {
      try {
        const value: unknown = JSON.parse(text(field));
        if (typeof value === "object" && value !== null && !Array.isArray(value))
          return value as Readonly<Record<string, unknown>>;
      } catch {
        // The message of JSON.parse quotes the text; ours names the field only.
      }
      throw wrong(field, "a JSON object");
    },
    optional: (field, read) => (data[field] === undefined ? undefined : read(field)),
  };
}
