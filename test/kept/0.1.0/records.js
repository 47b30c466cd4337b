var ERROR_CODES = [
  "unknown_customer",
  "invalid_amount",
  "balance_mismatch",
  "proof_mismatch",
  "key_taken",
  "object_damaged",
  "too_large",
  "retries_exhausted",
];
function isFinal(request) {
  return request.status !== "pending" && request.status !== "processing";
}
function recordRequest(facts) {
  return {
    ...facts,
    status: "pending",
    attempt: 0,
    failures: 0,
    lane: "service",
    nextAttemptAt: facts.recordedAt,
  };
}
function claim(request, terms) {
  if (isFinal(request)) return { kind: "final", request };
  if (request.lane === "job" && terms.execution !== "job") return { kind: "other-lane" };
  const failures = request.failures + (request.status === "processing" ? 1 : 0);
  const purpose = claimPurpose(request, failures >= terms.maxFailures);
  const until = claimableAt(request, purpose, terms);
  if (until > terms.now) return { kind: "wait", until };
  return {
    kind: "claim",
    purpose,
    request: {
      ...progressOf(request),
      status: "processing",
      holder: terms.holder,
      attempt: request.attempt + 1,
      failures,
      leaseExpiresAt: terms.now + terms.leaseMs,
      object: request.object ?? terms.object,
      lastError: request.status === "processing" ? "lease_expired" : request.lastError,
    },
  };
}
function claimPurpose(request, exhausted) {
  if (request.cancelRequestedAt !== void 0) return "cancel";
  return exhausted ? "give-up" : "build";
}
function claimableAt(request, purpose, terms) {
  const lease = request.leaseExpiresAt;
  const leaseOver = lease === void 0 ? 0 : lease + terms.clockSkewMs;
  const settled = lease === void 0 ? 0 : leaseOver + terms.publishTimeoutMs;
  if (purpose !== "build") return settled;
  if (request.status === "processing") return leaseOver;
  return terms.execution === "job" ? 0 : request.nextAttemptAt;
}
function renew(request, leaseExpiresAt) {
  return { ...request, leaseExpiresAt };
}
function moveObject(request, object) {
  return { ...request, object };
}
function execute(request, object, result, executedAt) {
  return {
    ...progressOf(request),
    ...result,
    status: "executed",
    object,
    executedAt,
    announced: false,
    lastError: void 0,
  };
}
function fail(request, errorCode, failedAt, lastError = request.lastError) {
  return {
    ...progressOf(request),
    status: "failed",
    errorCode,
    failedAt,
    announced: false,
    lastError,
  };
}
function cancel(request, cancelledAt) {
  return { ...progressOf(request), status: "cancelled", cancelledAt, announced: false };
}
function handOver(request, reason, release) {
  return backToPending(request, release, { nextAttemptAt: release.now, lastError: reason });
}
var JOB_START_MS = 5 * 6e4;
function oversize(request, release) {
  return {
    ...backToPending(request, release, {
      nextAttemptAt: release.now + JOB_START_MS,
      lastError: "oversized",
    }),
    lane: "job",
  };
}
function retry(request, error, release, backoff) {
  if (error === DEADLINE_EXCEEDED && request.lastError === DEADLINE_EXCEEDED) {
    return fail(request, "too_large", release.now, error);
  }
  const failures = request.failures + 1;
  return {
    ...backToPending(request, release, {
      nextAttemptAt: release.now + backoffMs(failures, backoff),
      lastError: error,
    }),
    failures,
  };
}
var DEADLINE_EXCEEDED = "deadline_exceeded";
function backoffMs(failures, backoff) {
  const exponent = failures < backoff.maxFailures ? failures - 1 : 0;
  const whole = Math.min(backoff.maxMs, backoff.baseMs * 2 ** exponent);
  return Math.round(whole * (0.5 + backoff.random / 2));
}
function announce(request) {
  return { ...request, announced: true };
}
function requestCancel(request, cancelRequestedAt) {
  return { ...request, cancelRequestedAt: request.cancelRequestedAt ?? cancelRequestedAt };
}
function startAgain(request, now) {
  return {
    ...progressOf(request),
    status: "pending",
    failures: 0,
    nextAttemptAt: now,
    cancelRequestedAt: void 0,
    lastError: void 0,
  };
}
function backToPending(request, release, next) {
  return {
    ...progressOf(request),
    ...next,
    status: "pending",
    leaseExpiresAt: release.leaseEndsAt,
  };
}
function progressOf(request) {
  const { name, customerId, startDate, endDate, timeZone, options, event, recordedAt } = request;
  const { traceparent, attempt, failures, lane, object, cancelRequestedAt, lastError } = request;
  return {
    ...{ name, customerId, startDate, endDate, timeZone, options, event, recordedAt, traceparent },
    ...{ attempt, failures, lane, object, cancelRequestedAt, lastError },
  };
}

import { createHash } from "node:crypto";

function eventHash(source, id, sha256) {
  return sha256(JSON.stringify([source, id])).slice(0, 40);
}

var LABEL_PREFIX = "transactions-collector.io";
var LABELS = {
  status: `${LABEL_PREFIX}/status`,
  customer: `${LABEL_PREFIX}/customer`,
  event: `${LABEL_PREFIX}/event`,
  announced: `${LABEL_PREFIX}/announced`,
  managedBy: "app.kubernetes.io/managed-by",
  component: "app.kubernetes.io/component",
};
var COMPONENTS = { request: "statement-request", rejected: "rejected-event" };
var MANAGER = "transactions-collector";
var sha256Hex = (text) => createHash("sha256").update(text).digest("hex");
var UnreadableRecord = class extends Error {
  name = "UnreadableRecord";
};
function toLabels(request) {
  return {
    [LABELS.managedBy]: MANAGER,
    [LABELS.component]: COMPONENTS.request,
    [LABELS.status]: request.status,
    [LABELS.customer]: request.customerId,
    [LABELS.event]: eventHash(request.event.source, request.event.id, sha256Hex),
    ...(isFinal(request) ? { [LABELS.announced]: String(request.announced) } : {}),
  };
}
function toData(request) {
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
function stateData(request) {
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
function withoutGaps(fields) {
  return Object.fromEntries(Object.entries(fields).filter((entry) => entry[1] !== void 0));
}
function rfc3339(epochMs) {
  return epochMs === void 0 ? void 0 : new Date(epochMs).toISOString();
}
var OWN_FIELDS = /* @__PURE__ */ new Set([
  ...["customer_id", "start_date", "end_date", "status", "time_zone", "options"],
  ...["event_source", "event_id", "event_time", "event_type", "recorded_at", "traceparent"],
  ...["attempt", "failures", "holder", "lease_expires_at", "next_attempt_at", "lane"],
  ...["cancel_requested_at", "object_bucket", "object_key", "rows", "bytes", "sha256", "as_of"],
  ...["executed_at", "failed_at", "cancelled_at", "error_code", "last_error"],
]);
function foreignData(configMap) {
  const entries = Object.entries(configMap.data ?? {});
  return Object.fromEntries(entries.filter(([field]) => !OWN_FIELDS.has(field)));
}
function fromConfigMap(configMap) {
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
  const status = read.oneOf("status", ["pending", "processing", "executed", "failed", "cancelled"]);
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
        errorCode: read.oneOf("error_code", ERROR_CODES),
        failedAt: read.time("failed_at"),
      };
    case "cancelled":
      return { ...progress, status, announced, cancelledAt: read.time("cancelled_at") };
  }
}
function readFacts(name, read) {
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
function readObject(read) {
  const key = read.optional("object_key", read.text);
  return key === void 0 ? void 0 : { key, bucket: read.text("object_bucket") };
}
function needObject(object) {
  if (!object) throw new UnreadableRecord("field object_key is missing");
  return object;
}
function makeFieldReader(data) {
  const text = (field) => {
    const value = data[field];
    if (value === void 0) throw new UnreadableRecord(`field ${field} is missing`);
    return value;
  };
  const wrong = (field, expected) => new UnreadableRecord(`field ${field} is not ${expected}`);
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
      if (value === void 0) throw wrong(field, `one of ${allowed.join(", ")}`);
      return value;
    },
    object(field) {
      try {
        const value = JSON.parse(text(field));
        if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
      } catch {}
      throw wrong(field, "a JSON object");
    },
    optional: (field, read) => (data[field] === void 0 ? void 0 : read(field)),
  };
}
export {
  DEADLINE_EXCEEDED,
  ERROR_CODES,
  announce,
  cancel,
  claim,
  execute,
  fail,
  foreignData,
  fromConfigMap,
  handOver,
  isFinal,
  moveObject,
  oversize,
  recordRequest,
  renew,
  requestCancel,
  retry,
  startAgain,
  toData,
  toLabels,
};
