/** A request as the tool shows it: one line of a list, or its fields as the record has them. */
import {
  isFinal,
  type FinalRequest,
  type RequestStatus,
  type StatementRequest,
} from "../../functions/domain/statement-request.ts";
import { endOf } from "../../functions/pending-scanner/retention.ts";
import { toData } from "../../functions/platform/ledger/configmap-record.ts";

export const STATES: readonly RequestStatus[] = [
  "pending",
  "processing",
  "executed",
  "failed",
  "cancelled",
];

export const STATE_COLOURS = {
  pending: "yellow",
  processing: "cyan",
  executed: "green",
  failed: "red",
  cancelled: "gray",
} as const satisfies Record<RequestStatus, string>;

/** Why it is where it is, in one word; empty when all is as it should be. */
export function reasonOf(request: StatementRequest): string {
  if (request.status === "failed") return request.errorCode;
  if (isFinal(request)) return "";
  return request.cancelRequestedAt === undefined ? (request.lastError ?? "") : "cancel_requested";
}

/** From the recording to the end, or to now while it is open; milliseconds. */
export function timeTaken(request: StatementRequest, now: number): number {
  return (isFinal(request) ? endOf(request) : now) - request.recordedAt;
}

const NUMBERS = new Set(["attempt", "failures", "rows", "bytes"]);

/** The record's own fields and names, with numbers and objects as JSON has them. */
export function fieldsOf(request: StatementRequest): Record<string, unknown> {
  const data = Object.entries(toData(request)).map(([field, text]): [string, unknown] => {
    if (field === "options") return [field, JSON.parse(text)];
    return [field, NUMBERS.has(field) ? Number(text) : text];
  });
  const announced = isFinal(request) ? { announced: request.announced } : {};
  return { name: request.name, ...Object.fromEntries(data), ...announced };
}

export function describeEnd(request: FinalRequest): string {
  switch (request.status) {
    case "executed":
      return `${request.rows} rows, ${formatBytes(request.bytes)}`;
    case "failed":
      return request.errorCode;
    case "cancelled":
      return "";
  }
}

export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  const unit = bytes < 1e6 ? "kB" : bytes < 1e9 ? "MB" : "GB";
  return `${(bytes / { kB: 1e3, MB: 1e6, GB: 1e9 }[unit]).toFixed(1)} ${unit}`;
}
