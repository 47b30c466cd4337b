/** What `list` can show of a request, column by column, and in which orders. */
import type { StatementRequest } from "../../../functions/domain/statement-request.ts";
import { formatDuration } from "./duration.ts";
import { formatBytes, reasonOf, shortProgress, timeTaken } from "./record-view.ts";

type Cell = (request: StatementRequest, now: number) => string;

const COLUMNS = {
  name: ({ facts }) => facts.name,
  state: ({ status }) => status,
  customer: ({ facts }) => facts.customerId,
  period: ({ facts }) => `${facts.startDate}..${facts.endDate}`,
  age: ({ facts }, now) => formatDuration(now - facts.recordedAt),
  reason: (request) => reasonOf(request) || shortProgress(request),
  tries: ({ attempt }) => String(attempt),
  failures: ({ failures }) => String(failures),
  lane: ({ lane }) => lane,
  rows: (request) => (request.status === "executed" ? String(request.rows) : ""),
  size: (request) => (request.status === "executed" ? formatBytes(request.bytes) : ""),
  // Until a request is executed, its record only says where the file is to lie.
  object: (request) =>
    request.status === "executed" ? `${request.object.bucket}/${request.object.key}` : "",
  recorded: ({ facts }) => new Date(facts.recordedAt).toISOString(),
  taken: (request, now) => formatDuration(timeTaken(request, now)),
  source: ({ facts }) => facts.event.source,
} as const satisfies Readonly<Record<string, Cell>>;

export type Column = keyof typeof COLUMNS;
export const COLUMN_NAMES = Object.keys(COLUMNS) as readonly Column[];

export const USUAL_COLUMNS = [
  "name",
  "state",
  "customer",
  "period",
  "age",
  "reason",
] as const satisfies readonly Column[];
export const WIDE_COLUMNS = [
  ...USUAL_COLUMNS,
  "tries",
  "failures",
  "lane",
  "rows",
  "object",
] as const satisfies readonly Column[];

export function cellOf(column: Column, request: StatementRequest, now: number): string {
  return COLUMNS[column](request, now) || "-";
}

type Compare = (a: StatementRequest, b: StatementRequest, now: number) => number;

const ORDERS = {
  recorded: (a, b) => a.facts.recordedAt - b.facts.recordedAt,
  customer: (a, b) => compareTexts(a.facts.customerId, b.facts.customerId),
  state: (a, b) => compareTexts(a.status, b.status),
  reason: (a, b) => compareTexts(reasonOf(a), reasonOf(b)),
  rows: (a, b) => rowsOf(a) - rowsOf(b),
  taken: (a, b, now) => timeTaken(a, now) - timeTaken(b, now),
} as const satisfies Readonly<Record<string, Compare>>;

export type Order = keyof typeof ORDERS;
export const ORDER_NAMES = Object.keys(ORDERS) as readonly Order[];

/** Equals stay as they were. */
export function inOrder(
  requests: readonly StatementRequest[],
  order: Order,
  now: number,
): readonly StatementRequest[] {
  return requests.toSorted((a, b) => ORDERS[order](a, b, now));
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const rowsOf = (request: StatementRequest): number =>
  request.status === "executed" ? request.rows : 0;
