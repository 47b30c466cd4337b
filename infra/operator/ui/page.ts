/** The page for one installation: what it answers, and what it is told. */
import type { IncomingMessage, ServerResponse } from "node:http";
import * as z from "zod";
import { requestedData } from "../../../functions/domain/events/event-data.ts";
import { letGo } from "../../../functions/platform/http/let-go.ts";
import type { Ledger } from "../../../functions/platform/ledger/configmap-ledger.ts";
import { CommandError } from "../words/exit.ts";
import { readObject, send, sendJson, sendWords } from "./answers.ts";
import { askForStatement, type AskOptions } from "./ask.ts";
import { readFilter } from "./board.ts";
import { followLedger, type FollowedLedger } from "./followed-ledger.ts";
import { makeLive } from "./live.ts";
import { ACTIONS, type Counter } from "./request-actions.ts";
import { sendFile } from "./static-files.ts";
import { travelsOfStep, type Travel } from "./travels.ts";
import { pathWithin } from "./who-may-ask.ts";

export interface PageOptions extends Counter, Omit<AskOptions, "signal"> {
  readonly ledger: Pick<Ledger, "list" | "read" | "readWish" | "remove" | "replace">;
  readonly kubeconfig: string;
  readonly namespace: string;
  /** Of its address: `/`, or `/…/` with a part that nobody can guess. */
  readonly base: string;
  /** Whether it may ask, cancel, try again and tick. */
  readonly mayWrite: boolean;
  readonly words: PageWords;
  /** What does not do its work, in words; beside the ledger, which the page looks at itself. */
  readonly troubles: () => Promise<readonly string[]>;
  /** Some customers to choose from. */
  readonly customers?: () => Promise<readonly string[]>;
  /** Makes the scanner tick now. */
  readonly tick?: () => Promise<void>;
}

export interface PageWords {
  /** Which installation this is. */
  readonly place: string;
  /** How the operator's tool is called for it. */
  readonly tool: string;
  /** What to do when the page is answered no more. */
  readonly again: string;
}

export interface Page extends Disposable {
  /** Whatever the path; rejects when the browser has gone. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Events on their way, where somebody sees them. */
  readonly travelled: (travels: readonly Travel[]) => void;
  /** Something that went wrong and needs no repair. */
  readonly note: (words: string) => void;
}

const LOOK_FOR_TROUBLE_MS = 2_000;
const REQUEST_PATH = /^\/page\/requests\/([a-z0-9.-]{1,253})\/([a-z]+)$/;
/** Its fields: what intake checks comes from the same source. */
const FORM = JSON.stringify(z.toJSONSchema(requestedData));
const NOTHING = { requests: new Map(), others: new Map() } as const;
const READ_ONLY = "This page only shows: start it with --write to let it do that.";

/** Costs nothing until the first browser comes: the ledger is followed from then on. */
export function makePage(options: PageOptions): Page {
  const { ledger, base, mayWrite } = options;
  const stop = new AbortController();
  const { signal } = stop;
  let followed: FollowedLedger | undefined;
  const live = makeLive(() => followed ?? NOTHING);

  function follow(): FollowedLedger {
    return (followed ??= followLedger({
      ledger,
      kubeconfig: options.kubeconfig,
      namespace: options.namespace,
      signal,
      onStep(before, after) {
        live.requestsChanged();
        live.travelled(travelsOfStep(before, after));
      },
      onNews: () => live.requestsChanged(),
    }));
  }

  async function join(response: ServerResponse, query: URLSearchParams): Promise<void> {
    const filter = readFilter(query);
    const ledgerNow = follow();
    // What the ledger does not tell now comes with its next reading.
    if (filter.name !== undefined) await ledgerNow.bring(filter.name).catch(() => undefined);
    if (!response.destroyed) live.join(response, filter);
  }

  async function lookForTrouble(): Promise<void> {
    if (!live.hasViewers) return;
    const others = await options.troubles();
    const isOld = followed?.answers === false;
    live.troubles(
      isOld ? ["The ledger does not answer, so what is shown is old.", ...others] : others,
    );
  }
  const looking = setInterval(
    () => void lookForTrouble().catch(() => undefined),
    LOOK_FOR_TROUBLE_MS,
  ).unref();

  async function facts() {
    const { words, tick, customers } = options;
    return {
      ...words,
      mayWrite,
      canTick: mayWrite && tick !== undefined,
      customers: mayWrite ? ((await customers?.()) ?? []) : [],
      seesEvents: tick !== undefined,
    };
  }

  /** Says so where it may not. */
  function admitsWrites(response: ServerResponse): boolean {
    if (!mayWrite) sendWords(response, 403, READ_ONLY);
    return mayWrite;
  }

  async function ask(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = await readObject(request, signal);
    if (!form) {
      sendWords(response, 400, "That is no form of this page.");
      return;
    }
    const { status, body } = await askForStatement(form, { ...options, signal });
    sendJson(response, status, body);
  }

  async function act(
    request: IncomingMessage,
    path: string,
    response: ServerResponse,
  ): Promise<boolean> {
    const [, name = "", what = ""] = REQUEST_PATH.exec(path) ?? [];
    const action = ACTIONS[`${request.method} ${what}`];
    if (!action) return false;
    if (action.writes && !admitsWrites(response)) return true;
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const until = AbortSignal.any([signal, gone.signal]);
    const stored = await ledger.read(name, until);
    if (stored) await action.run(options, { stored, request, response, signal: until });
    else sendWords(response, 404, `There is no request ${name} any more.`);
    return true;
  }

  async function route(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    query: URLSearchParams,
  ): Promise<void> {
    const { method = "" } = request;
    switch (`${method} ${path}`) {
      case "GET /page/live":
        if (live.isFull) {
          sendWords(response, 503, "Too many windows look at this page: close some of them.");
          return;
        }
        await join(response, query);
        return;
      case "GET /page/facts":
        sendJson(response, 200, await facts());
        return;
      case "GET /page/form":
        // As it is: a tab among the delimiters is a tab.
        send(response, 200, "application/schema+json", FORM);
        return;
      case "POST /page/requests":
        if (admitsWrites(response)) await ask(request, response);
        return;
      case "POST /page/tick":
        if (!admitsWrites(response)) return;
        await options.tick?.();
        sendJson(response, 200, {});
        return;
      default:
        if (method === "GET" && (await sendFile(path, response))) return;
        if (await act(request, path, response)) return;
        sendWords(response, 404, "There is nothing here; the page is at its address's root.");
    }
  }

  return {
    async answer(request, response) {
      const { method = "", headers, url: target = "" } = request;
      // Not the other forms of a request's target, `*` and a whole address.
      const url = target.startsWith("/") ? URL.parse(`http://localhost${target}`) : null;
      const { pathname = "", searchParams = new URLSearchParams() } = url ?? {};
      const path = pathWithin(base, { method, pathname, headers });
      if (typeof path !== "string") {
        sendWords(response, path.status, path.words);
        letGo(request, response);
        return;
      }
      try {
        await route(request, response, path, searchParams);
        // What goes on (the live events, a file) is bounded by the server's idle time.
        if (response.writableEnded) letGo(request, response);
      } catch (error) {
        if (response.headersSent) throw error;
        sendWords(response, 503, wordsOf(error));
        letGo(request, response);
      }
    },
    travelled: (travels) => live.travelled(travels),
    note: (words) => live.note(words),
    [Symbol.dispose]() {
      clearInterval(looking);
      stop.abort();
      live[Symbol.dispose]();
    },
  };
}

function wordsOf(error: unknown): string {
  if (error instanceof CommandError) return `${error.lines.join(". ")}.`;
  const { name } = error instanceof Error ? error : new Error();
  return `That did not work (${name}): try it again.`;
}
