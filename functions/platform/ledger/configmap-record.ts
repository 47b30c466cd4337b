/**
 * A request as a ConfigMap and back. The data is what `kubectl get configmap -o yaml` shows and
 * what the first design promised: `customer_id`, `start_date`, `end_date`, `status`, and the rest
 * of the ledger's fields.
 *
 * Pods of two versions share a ledger during a roll-out, and records outlive both: what is not in
 * the tables here was written by another version or tool, and stays as it is through every write.
 */
import { hash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { BuildProgress } from "../../domain/build-progress.ts";
import { CALLBACK_STATES, type Callback } from "../../domain/outcome/callback.ts";
import { eventHash } from "../../domain/record-name.ts";
import { PERIOD_BASES } from "../../domain/manifest.ts";
import {
  isFinal,
  LANES,
  REQUEST_STATES,
  type CommonFields,
  type LearntLater,
  type ObjectLocation,
  type RequestFacts,
  type RequestStatus,
  type StatementRequest,
} from "../../domain/statement-request.ts";
import {
  count,
  countIn,
  flagIn,
  group,
  jsonObject,
  keysOf,
  oneOf,
  oneOfIn,
  optional,
  readFields,
  recordName,
  text,
  textIn,
  time,
  timeIn,
  writeFields,
  type Fields,
  type Sheet,
} from "./record-codec.ts";

/** As it goes over the wire; of all its fields, those that we read. */
export interface ConfigMap {
  readonly metadata?: {
    readonly name?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    /** A date where the API's own client has read it. */
    readonly creationTimestamp?: string | Date;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly managedFields?: readonly object[];
  };
  readonly data?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

const LABEL_PREFIX = "transactions-collector.io";
export const LABELS = {
  status: `${LABEL_PREFIX}/status`,
  customer: `${LABEL_PREFIX}/customer`,
  event: `${LABEL_PREFIX}/event`,
  announced: `${LABEL_PREFIX}/announced`,
  managedBy: "app.kubernetes.io/managed-by",
  component: "app.kubernetes.io/component",
} as const;
export const COMPONENTS = {
  request: "statement-request",
  rejected: "rejected-event",
  undelivered: "undelivered-outcome",
  index: "event-index",
  wish: "cancel-wish",
} as const;
export const MANAGER = "transactions-collector";

// --- the tables --------------------------------------------------------------------------------

/** Written by request-intake when it creates the record, and by nobody after that. */
export const FACTS: Fields<RequestFacts> = {
  name: recordName,
  customerId: text("customer_id"),
  startDate: text("start_date"),
  endDate: text("end_date"),
  timeZone: text("time_zone"),
  basis: optional(oneOf("period_basis", PERIOD_BASES)),
  options: jsonObject("options"),
  event: group<RequestFacts["event"], "data">({
    source: text("event_source"),
    id: text("event_id"),
    time: time("event_time"),
    type: text("event_type"),
  }),
  recordedAt: time("recorded_at"),
  traceparent: optional(text("traceparent")),
};

const OBJECT = group<ObjectLocation, "data">({
  bucket: text("object_bucket"),
  key: text("object_key"),
});

/** Written by whoever moves the request: the builder that holds it, or an operator. */
const COMMON: Fields<Omit<CommonFields, "facts">> = {
  attempt: count("attempt"),
  failures: count("failures"),
  lane: oneOf("lane", LANES),
  object: optional(OBJECT),
  cancelRequestedAt: optional(time("cancel_requested_at")),
  lastError: optional(text("last_error")),
};

/** Fields that only one state has; its move writes them, and the next move takes them away. */
const STATES: { readonly [S in RequestStatus]: Fields<FieldsOfState<S>> } = {
  pending: {
    nextAttemptAt: time("next_attempt_at"),
    leaseExpiresAt: optional(time("lease_expires_at")),
  },
  processing: {
    holder: text("holder"),
    leaseExpiresAt: time("lease_expires_at"),
    object: OBJECT,
    progress: optional(
      group<BuildProgress, "data">({
        phase: text("progress_phase"),
        rows: count("progress_rows"),
        rowsCounted: optional(count("progress_rows_counted")),
        bytesSent: count("progress_bytes_sent"),
        rowsPerSecond: count("progress_rows_per_second"),
        at: time("progress_at"),
      }),
    ),
  },
  executed: {
    object: OBJECT,
    rows: count("rows"),
    bytes: count("bytes"),
    sha256: text("sha256"),
    asOf: time("as_of"),
    executedAt: time("executed_at"),
  },
  failed: { errorCode: text("error_code"), failedAt: time("failed_at") },
  cancelled: { cancelledAt: time("cancelled_at") },
};

/** What is learnt of a request that has ended: an executed record takes nothing but labels. */
const LATER: Fields<LearntLater, "labels" | "annotations"> = {
  announced: flagIn("labels", LABELS.announced),
  outcomeRepeats: optional(countIn("annotations", annotation("outcome_repeats"))),
  accepted: optional(flagIn("annotations", annotation("outcome_accepted"))),
  callback: optional(
    group<Callback, "annotations">({
      state: oneOfIn("annotations", annotation("callback_state"), CALLBACK_STATES),
      attempts: countIn("annotations", annotation("callback_attempts")),
      triedAt: timeIn("annotations", annotation("callback_tried_at")),
      since: optional(timeIn("annotations", annotation("callback_since"))),
      nextAt: optional(timeIn("annotations", annotation("callback_next_at"))),
      error: optional(textIn("annotations", annotation("callback_error"))),
    }),
  ),
};

function annotation(name: string): string {
  return `${LABEL_PREFIX}/${name}`;
}

type InState<S extends RequestStatus> = Extract<StatementRequest, { readonly status: S }>;
/** What a state adds, or has for certain where others may have it. */
type FieldsOfState<S extends RequestStatus> = {
  readonly [
    Member in keyof InState<S> as Member extends "status" | keyof LearntLater
      ? never
      : Member extends keyof CommonFields
        ? undefined extends CommonFields[Member]
          ? undefined extends InState<S>[Member]
            ? never
            : Member
          : never
        : Member
  ]: InState<S>[Member];
};

const STATUS = oneOf("status", REQUEST_STATES);
const FACT_KEYS = keysOf(FACTS);
const MOVED_KEYS = keysOf({ STATUS }, COMMON, ...Object.values(STATES), LATER);
type Place = Exclude<keyof Sheet, "name">;
const MOVED_NAMES: Readonly<Record<Place, ReadonlySet<string>>> = {
  data: namesIn("data"),
  labels: namesIn("labels"),
  annotations: namesIn("annotations"),
};

function namesIn(place: Place): ReadonlySet<string> {
  return new Set(MOVED_KEYS.filter((key) => key.in === place).map(({ name }) => name));
}

// --- to ----------------------------------------------------------------------------------------

export const sha256Hex = (text: string): string => hash("sha256", text);

/** The record of a new request. */
export function toConfigMap(request: StatementRequest): ConfigMap {
  const { name, data, labels } = sheetOf(request);
  return { metadata: { name, labels }, data };
}

/**
 * The same record after a move: facts as they were first written, what is not ours untouched.
 *
 * @throws Error when the record is immutable and the move is more than its labels can hold
 */
export function movedConfigMap(stored: ConfigMap, next: StatementRequest): ConfigMap {
  const { labels, annotations } = stored.metadata ?? {};
  const written = moveOf(next);
  const moved: ConfigMap = {
    ...stored,
    metadata: {
      ...stored.metadata,
      labels: movedTexts(labels, "labels", written),
      annotations: movedTexts(annotations, "annotations", written),
    },
    data: stored.immutable ? (stored.data ?? {}) : movedTexts(stored.data, "data", written),
    ...(next.status === "executed" ? { immutable: true } : {}),
  };
  if (stored.immutable && !isDeepStrictEqual(sheetOf(fromConfigMap(moved)), sheetOf(next)))
    throw new Error(`record ${next.facts.name} is immutable: only its labels may change`);
  return moved;
}

/** What a move leaves as it was, and what it writes. */
function movedTexts(
  stored: Readonly<Record<string, string>> = {},
  place: Place,
  written: Sheet,
): Readonly<Record<string, string>> {
  const kept = Object.entries(stored).filter(([name]) => !MOVED_NAMES[place].has(name));
  return { ...Object.fromEntries(kept), ...written[place] };
}

/** Of its texts: about what it takes in etcd, before etcd's own book-keeping. */
export function bytesOf({ metadata, data }: ConfigMap): number {
  let bytes = metadata?.name?.length ?? 0;
  for (const texts of [data, metadata?.labels, metadata?.annotations])
    for (const [name, text] of Object.entries(texts ?? {})) bytes += name.length + text.length;
  return bytes;
}

/** The record's own fields and names, with numbers and objects as JSON has them. */
export function toJson(request: StatementRequest): Record<string, unknown> {
  const sheet = sheetOf(request);
  const fields = [...FACT_KEYS, ...MOVED_KEYS].flatMap((key): [string, unknown][] => {
    const written = sheet[key.in][key.name];
    return written === undefined ? [] : [[nameWithoutPrefix(key.name), key.toJson(written)]];
  });
  return { name: request.facts.name, ...Object.fromEntries(fields) };
}

function nameWithoutPrefix(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

function sheetOf(request: StatementRequest): Sheet {
  const { facts } = request;
  const sheet = { name: facts.name, data: {}, labels: labelsOf(request), annotations: {} };
  writeFields(FACTS, facts, sheet);
  writeMove(request, sheet);
  return sheet;
}

/** All but the facts. */
function moveOf(request: StatementRequest): Sheet {
  const { name } = request.facts;
  const sheet = { name, data: {}, labels: labelsOf(request), annotations: {} };
  writeMove(request, sheet);
  return sheet;
}

function writeMove(request: StatementRequest, sheet: Sheet): void {
  const { status } = request;
  STATUS.write(status, sheet);
  writeFields(COMMON, request, sheet);
  // The table of a state is that of this request's own state.
  writeFields<object>(STATES[status], request, sheet);
  if (isFinal(request)) writeFields(LATER, request, sheet);
}

/** Copies of the facts and of the state, for selectors. */
function labelsOf({ facts, status }: StatementRequest): Record<string, string> {
  return {
    [LABELS.managedBy]: MANAGER,
    [LABELS.component]: COMPONENTS.request,
    [LABELS.status]: status,
    [LABELS.customer]: facts.customerId,
    [LABELS.event]: eventHash(facts.event.source, facts.event.id, sha256Hex),
  };
}

// --- from --------------------------------------------------------------------------------------

/** @throws UnreadableRecord naming the field, never its value. */
export function fromConfigMap({ metadata, data = {} }: ConfigMap): StatementRequest {
  const { name = "", labels = {}, annotations = {} } = metadata ?? {};
  const sheet = { name, data, labels, annotations };
  const status = STATUS.read(sheet);
  const facts = readFields(FACTS, sheet);
  const common = readFields(COMMON, sheet);
  const ofState = readFields<object>(STATES[status], sheet);
  const request = { facts, ...common, ...ofState, status } as StatementRequest;
  return isFinal(request) ? Object.assign(request, readFields(LATER, sheet)) : request;
}
