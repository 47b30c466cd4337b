/**
 * Senders who ask about their requests, at status-api and at request-intake: how one stands, a customer's list,
 * an address of a statement, an end. What they are told is held against the ledger.
 */
import { S3Client } from "@aws-sdk/client-s3";
import type { Ledger } from "../../functions/platform/ledger/configmap-ledger.ts";
import { wishedLedger } from "../../functions/platform/ledger/wished-ledger.ts";
import type { RequestStatusBody } from "../../functions/platform/requests/request-status.ts";
import type { HttpAnswer } from "../../functions/platform/server/answers/http-answer.ts";
import { resourceToHttp } from "../../functions/platform/server/resource-route.ts";
import type { IntakeRules } from "../../functions/request-intake/requested-event.ts";
import { makeRequestRecorder } from "../../functions/request-intake/record-request.ts";
import { makeStatusRoute } from "../../functions/request-intake/status-route.ts";
import { makeStatusApi } from "../../functions/status-api/handler.ts";
import { makeLinks } from "../../functions/status-api/links.ts";
import type { AnswerRules, Question } from "./answer-rules.ts";
import { draw } from "./chance.ts";
import type { Faults } from "./faults.ts";
import { received, type PodWork, type Pods } from "./pods.ts";
import { wallClock } from "./simulated-clock.ts";
import type { Story } from "./story.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** Who may ask about what came from a source. */
const SENDERS: Readonly<Record<string, string>> = { "/app": "app", "/web": "web" };
export const SOURCES = Object.keys(SENDERS);
export const senderOf = (source: string): string => SENDERS[source] ?? "";
const ALLOWED = SOURCES.map((source) => ({ source, sender: senderOf(source) }));

const LINK_MS = 300_000;
const PAGE = 2;
/** What a list from the API server's memory may lack. */
const BEHIND_MS = 2_000;

/** Signs, and sends nothing. */
const SIGNING = new S3Client({
  region: "us-east-1",
  endpoint: "https://s3.example",
  forcePathStyle: true,
  credentials: { accessKeyId: "reader", secretAccessKey: "secret" },
});

interface Asked {
  readonly method: "GET" | "PUT" | "POST";
  /** Behind `/requests`. */
  readonly path: string | undefined;
  readonly query: Readonly<Record<string, string>>;
  readonly sender: string;
  readonly isIntake: boolean;
  readonly ifNoneMatch?: string | undefined;
}

/** The handlers that ship, as one process: what they read is the same whoever else is in it. */
export function openStatusApi(
  ledger: Ledger,
  { store, rules }: { readonly store: S3Client; readonly rules: IntakeRules },
): PodWork<HttpAnswer> {
  const wished = wishedLedger(ledger);
  const { config, middlewareStack } = SIGNING;
  const send: S3Client["send"] = store.send.bind(store);
  const reader = { config, middlewareStack, send } as S3Client;
  const shared = { ledger: wished, allowedSources: ALLOWED, now: wallClock };
  const statusApi = makeStatusApi({ ...shared, links: makeLinks(reader, LINK_MS, wallClock) });
  const recorder = makeRequestRecorder({ ledger: wished, rules, now: wallClock });
  const intake = makeStatusRoute({ ...shared, recorder, senders: undefined });
  return {
    async handle({ data }, context) {
      const { path, query, sender, isIntake, ifNoneMatch } = data as Asked;
      const route = isIntake ? intake : statusApi;
      const asked = { name: path, query: new URLSearchParams(query) };
      return resourceToHttp(await route.handle(asked, { ...context, sender }), ifNoneMatch);
    },
  };
}

export interface AskersOptions {
  readonly seed: number;
  readonly time: VirtualTime;
  readonly faults: Faults;
  readonly story: Story;
  readonly pods: Pods<HttpAnswer>;
  readonly rules: AnswerRules;
}

/** A request that somebody may ask about. */
export interface Known {
  readonly number: number;
  readonly at: number;
  readonly customerId: string;
  readonly event: { readonly source: string; readonly id: string };
  /** Whether its event has an index. */
  readonly isIndexed: boolean;
  readonly name: () => string | undefined;
}

export interface Askers {
  /** From now on questions come about it. */
  about(known: Known): void;
  /** Nobody asks any more. */
  end(): void;
}

export function makeAskers({ seed, time, faults, story, pods, rules }: AskersOptions): Askers {
  const etags = new Map<string, { readonly etag: string; readonly body: string }>();
  let asked = 0;
  let isOver = false;

  function ask(question: Asked, done: (answer: HttpAnswer | undefined) => void): void {
    const number = asked++;
    const event = received({ id: `question-${number}`, type: "asked", data: question });
    pods.deliver(event, number, (answer) => {
      const { method, path, query, sender } = question;
      const where = path ?? JSON.stringify(query);
      if (story.isTold) story.tell(sender, `${method} /requests/${where}`, String(answer?.status));
      done(answer);
    });
  }

  function askOf(
    { act, name, sender }: Omit<Question, "from" | "to">,
    { event, isIndexed }: Known,
  ): void {
    const from = time.now;
    const chance = (salt: number): number => draw(seed, 121, asked, salt);
    const isIntake = act === "read" && chance(1) < 0.4;
    const isById = isIntake && isIndexed && chance(2) < 0.4;
    const known = chance(3) < 0.5 ? etags.get(`${sender} ${name}`) : undefined;
    const question: Asked = {
      method: act === "read" ? "GET" : act === "cancel" ? "PUT" : "POST",
      path: isById ? undefined : act === "read" ? name : `${name}/${act}`,
      query: isById ? event : {},
      sender,
      isIntake,
      ifNoneMatch: act === "read" ? known?.etag : undefined,
    };
    ask(question, (answer) => {
      if (!answer || isOver) return;
      const isKnown = answer.status === 304;
      const text = isKnown ? (known?.body ?? "{}") : answer.body;
      const { etag } = answer.headers;
      if (etag !== undefined) etags.set(`${sender} ${name}`, { etag, body: text });
      const said = { status: isKnown ? 200 : answer.status, body: JSON.parse(text) as object };
      rules.answered({ act, name, sender, from, to: time.now }, said);
    });
  }

  function list(customerId: string, sender: string): void {
    const from = time.now - BEHIND_MS;
    const listed: RequestStatusBody[] = [];
    const page = (cursor: string | undefined): void => {
      const query = { customer: customerId, limit: String(PAGE), ...(cursor && { cursor }) };
      ask({ method: "GET", path: undefined, query, sender, isIntake: false }, (answer) => {
        if (answer?.status !== 200 || isOver) return;
        const { requests, next } = JSON.parse(answer.body) as {
          readonly requests: readonly RequestStatusBody[];
          readonly next?: string;
        };
        listed.push(...requests);
        if (next === undefined) rules.listed({ customerId, sender, from, to: time.now }, listed);
        else page(next);
      });
    };
    page(undefined);
  }

  return {
    about(known) {
      const { number, at, event, customerId } = known;
      const later = (
        what: string,
        likely: number,
        salt: number,
        work: (sender: string) => void,
      ): void => {
        if (!faults.happens(what, likely, salt, number)) return;
        const chance = (key: number): number => draw(seed, 122, number, salt, key);
        const owner = senderOf(event.source);
        // Now and then by somebody whose it is not.
        const other = SOURCES.map(senderOf).find((one) => one !== owner) ?? owner;
        const isOther = chance(1) < 0.15;
        const longest = chance(2) < 0.3 ? 300_000 : 60_000;
        time.put(at + chance(3) * longest, () => {
          if (!isOver) work(isOther ? other : owner);
        });
      };
      const about = (act: Question["act"]) => (sender: string) => {
        const name = known.name();
        if (name !== undefined) askOf({ act, name, sender }, known);
      };
      for (const salt of [1, 2, 3]) later("asked about", 400, salt, about("read"));
      later("link wanted of", 200, 4, about("link"));
      later("listed", 120, 5, (sender) => list(customerId, sender));
      for (const salt of [6, 7]) later("wished away by", 150, salt, about("cancel"));
    },
    end() {
      isOver = true;
    },
  };
}
