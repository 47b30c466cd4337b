/**
 * What a `requested` event asks for, and everything that can be wrong with it. Pure: the clock is
 * an argument, and each problem names its field and a code, never a value.
 */
import { requestedData, type RequestedData } from "../domain/events/event-data.ts";
import { eventType } from "../domain/events/event-types.ts";
import { callbackHost } from "../domain/outcome/callback.ts";
import { parseStatementKey } from "../domain/statement-key.ts";
import {
  canonicalTimeZone,
  hasDay,
  isLongerThan,
  statementPeriod,
  type PeriodDates,
  type StatementPeriod,
} from "../domain/statement-period.ts";
import type { PeriodBasis } from "../domain/manifest.ts";
import type { RequestFacts } from "../domain/statement-request.ts";
import type { MalformedEvent, ReceivedEvent } from "../platform/cloudevents/cloudevent-parse.ts";
import type { Problem, RawAttributes } from "../platform/cloudevents/cloudevent-attributes.ts";
import type { Answer } from "../platform/server/answers/http-answer.ts";
import { isAllowedSource, type AllowedSource } from "../platform/requests/allowed-sources.ts";
import { readRequestedData, type AskedInPart } from "./requested-data.ts";
import { parseRfc3339 } from "./rfc3339.ts";

export interface IntakeRules {
  readonly defaultTimeZone: string;
  /** Of new records. */
  readonly periodBasis: PeriodBasis;
  readonly maxPeriodMonths: number;
  readonly eventWindowDays: number;
  /** Every source when undefined. */
  readonly allowedSources?: readonly AllowedSource[] | undefined;
  /** `name:port` each, whom a request may have called back; nobody when there is none. */
  readonly callbackHosts?: readonly string[];
}

/** What was asked, before it has a name in the ledger. */
export interface RequestedStatement extends Omit<RequestFacts, "name" | "recordedAt"> {
  readonly kind: "requested";
  /** Source and id as version 0.1.0 read them, where that is something else. */
  readonly former?: ReceivedEvent["former"];
  readonly options: Omit<RequestedData, "customer_id" | "start_date" | "end_date">;
}

type Rejection = Extract<Answer, { kind: "invalid" | "forbidden" }>;

/** Every check that will always have the same result for this event. */
export function readRequestedEvent(
  event: ReceivedEvent,
  rules: IntakeRules,
  { sender, now }: { readonly sender: string | undefined; readonly now: number },
): RequestedStatement | Rejection {
  if (event.type !== eventType("requested")) {
    const allowed = [eventType("requested")];
    return { kind: "invalid", problems: [{ field: "type", code: "unsupported_type", allowed }] };
  }
  const { allowedSources } = rules;
  if (allowedSources && !isAllowedSource(allowedSources, event.source, sender))
    return { kind: "forbidden", problems: [{ field: "source", code: "source_not_allowed" }] };

  const time = readTime(event.attributes);
  const read = readRequestedData(event.data);
  const asked = read.kind === "data" ? read.data : read.asked;
  const dates = datesOf(asked, rules);
  const problems = [
    ...(typeof time === "number" ? [] : [time]),
    ...(read.kind === "data" ? [] : read.problems),
    ...periodProblems(dates, rules),
  ];
  if (problems.length > 0 || typeof time !== "number" || read.kind !== "data") {
    // And what is wrong today, as far as it can be told.
    const ofToday = changingProblems({ asked, dates, time }, rules, now);
    return { kind: "invalid", problems: [...problems, ...ofToday] };
  }

  const { customer_id, start_date, end_date, ...options } = read.data;
  return {
    kind: "requested",
    customerId: customer_id,
    startDate: start_date,
    endDate: end_date,
    timeZone: canonicalTimeZone(options.time_zone ?? rules.defaultTimeZone),
    basis: rules.periodBasis,
    options,
    event: { source: event.source, id: event.id, type: event.type, time },
    traceparent: event.traceparent,
    former: event.former,
  };
}

const FIELDS = Object.keys(requestedData.shape);

/** All that is wrong with what is no event; fields of the data that stand beside it are told as that. */
export function makeExplain(rules: IntakeRules, now: () => number) {
  return ({ problems, attributes, asked }: MalformedEvent): readonly Problem[] => {
    if (!asked) return problems;
    const misplaced = asked.data === undefined ? FIELDS.filter((name) => name in attributes) : [];
    const read = readRequestedData(asked.data);
    const part = read.kind === "data" ? read.data : read.asked;
    const dates = datesOf(part, rules);
    const time = problems.some(({ field }) => TIMES.includes(field))
      ? undefined
      : readTime(attributes);
    return [
      ...problems.filter(({ field }) => !misplaced.includes(field)),
      ...(typeof time === "object" ? [time] : []),
      ...(read.kind === "problems" ? read.problems : []),
      ...misplaced.map((field) => ({ field, code: "belongs_in_data" })),
      ...periodProblems(dates, rules),
      ...changingProblems({ asked: part, dates, time }, rules, now()),
    ];
  };
}

const TIMES = ["time", "knativearrivaltime"];

/** The event's own time, else the moment Knative's ingress took it. */
function readTime(event: RawAttributes): number | Problem {
  const field = event["time"] === undefined ? "knativearrivaltime" : "time";
  const text = event[field];
  if (typeof text !== "string") return { field: "time", code: "time_missing" };
  return parseRfc3339(text) ?? { field, code: "invalid_format" };
}

function datesOf(asked: AskedInPart, { defaultTimeZone }: IntakeRules): PeriodDates | undefined {
  const { start_date: startDate, end_date: endDate, time_zone = defaultTimeZone } = asked;
  if (startDate === undefined || endDate === undefined) return undefined;
  return { startDate, endDate, timeZone: canonicalTimeZone(time_zone) };
}

function periodProblems(
  dates: PeriodDates | undefined,
  { maxPeriodMonths }: IntakeRules,
): readonly Problem[] {
  if (!dates) return [];
  if (dates.endDate < dates.startDate) return [{ field: "end_date", code: "end_before_start" }];
  const limit = `${maxPeriodMonths} months`;
  return isLongerThan(dates, maxPeriodMonths)
    ? [{ field: "end_date", code: "period_too_long", limit }]
    : [];
}

const DAY_MS = 86_400_000;
const MAX_CLOCK_AHEAD_MS = 3_600_000;

/** What is older than the window may have been recorded and deleted: it is recorded no more. */
export function isTooOld(
  eventTime: number,
  { eventWindowDays }: Pick<IntakeRules, "eventWindowDays">,
  now: number,
): boolean {
  return eventTime < now - eventWindowDays * DAY_MS;
}

/**
 * The checks whose result changes with the day or with the installation's time zone: an event that
 * was good once may fail them later.
 */
export function problemsToday(
  requested: RequestedStatement,
  rules: IntakeRules,
  now: number,
): readonly Problem[] {
  const asked = { ...requested.options, customer_id: requested.customerId };
  const { time } = requested.event;
  return changingProblems({ asked, dates: requested, time }, rules, now);
}

interface ReadInPart {
  readonly asked: AskedInPart;
  readonly dates: PeriodDates | undefined;
  /** Undefined or a problem where it is not known. */
  readonly time: number | Problem | undefined;
}

function changingProblems(
  { asked, dates, time }: ReadInPart,
  rules: IntakeRules,
  now: number,
): readonly Problem[] {
  const period = dates && statementPeriod(dates);
  return [
    ...(typeof time === "number" ? timeProblems(time, rules, now) : []),
    ...(period ? dayProblems(period, asked.partial === true, now) : []),
    ...(period ? replacedProblems(asked, period) : []),
    ...callbackProblems(asked.callback_url, rules),
  ];
}

function timeProblems(time: number, rules: IntakeRules, now: number): readonly Problem[] {
  if (!isTooOld(time, rules, now) && time <= now + MAX_CLOCK_AHEAD_MS) return [];
  const limit = `${rules.eventWindowDays} days ago to an hour ahead`;
  return [{ field: "time", code: "time_out_of_window", limit }];
}

function dayProblems(period: StatementPeriod, isPartial: boolean, now: number): readonly Problem[] {
  const { startDate, endDate, timeZone, lastDayFrom, to } = period;
  const days = Object.entries({ start_date: startDate, end_date: endDate });
  // A partial statement may end today, never later.
  const mayEnd = isPartial ? lastDayFrom <= now : to <= now;
  return [
    ...days
      .filter(([, date]) => !hasDay(timeZone, date))
      .map(([field]) => ({ field, code: "no_such_day" })),
    ...(mayEnd
      ? []
      : [{ field: "end_date", code: isPartial ? "period_not_begun" : "period_not_over" }]),
  ];
}

/** The list may have changed since the event came first. */
function callbackProblems(
  url: string | undefined,
  { callbackHosts = [] }: IntakeRules,
): readonly Problem[] {
  if (url === undefined || callbackHosts.includes(callbackHost(url))) return [];
  const code = callbackHosts.length === 0 ? "callbacks_off" : "host_not_allowed";
  return [{ field: "callback_url", code }];
}

/** A statement replaces one of the same customer and the same days, or none. */
function replacedProblems(
  { customer_id, supersedes }: AskedInPart,
  { startDate, endDate, from, lastDayFrom }: StatementPeriod,
): readonly Problem[] {
  // Without a customer, or with days that are reversed, it may be the right one.
  if (supersedes === undefined || customer_id === undefined || endDate < startDate) return [];
  const replaced = parseStatementKey(`${supersedes}.zip`);
  const isOfSamePeriod =
    replaced?.customerId === customer_id &&
    replaced.startEpoch * 1000 === from &&
    replaced.endEpoch * 1000 === lastDayFrom;
  return isOfSamePeriod ? [] : [{ field: "supersedes", code: "other_statement" }];
}
