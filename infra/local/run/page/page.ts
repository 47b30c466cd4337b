/** The page of `make run`: what it answers, and what it is told about the run. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { S3Client } from "@aws-sdk/client-s3";
import { letGo } from "../../../../functions/platform/http/let-go.ts";
import type { Ledger } from "../../../../functions/platform/ledger/configmap-ledger.ts";
import type { DeliveryReport, EventReport } from "../../cluster/router/broker.ts";
import { readObject, sendJson, sendWords } from "./answers.ts";
import { askForStatement } from "./ask.ts";
import { readFilter } from "./board.ts";
import { followLedger, type FollowedLedger } from "./followed-ledger.ts";
import { makeLive } from "./live.ts";
import { ACTIONS } from "./request-actions.ts";
import { refusalOf } from "./same-machine.ts";
import { sendFile } from "./static-files.ts";
import { travelsOfEvent, travelsOfStep, troubleOf } from "./travels.ts";
import { findTroubles, type Watched } from "./trouble.ts";

export interface PageOptions extends Watched {
  readonly ledger: Pick<Ledger, "list" | "read" | "replace">;
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly client: S3Client;
  readonly bucket: string;
  /** Some customers to choose from. */
  readonly customers: () => Promise<readonly string[]>;
  /** For intake, where it asks for one. */
  readonly token?: string | undefined;
  /** Makes the scanner tick now. */
  readonly tick: () => Promise<void>;
}

export interface Page extends Disposable {
  /** Whatever the path; rejects when the browser has gone. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly onEvent: (report: EventReport) => void;
  readonly onDelivery: (report: DeliveryReport) => void;
}

const LOOK_FOR_TROUBLE_MS = 2_000;
const REQUEST_PATH = /^\/page\/requests\/([a-z0-9.-]{1,253})\/([a-z]+)$/;

/** Costs nothing until the first browser comes: the ledger is followed from then on. */
export function makePage(options: PageOptions): Page {
  const { functions, ledger, client } = options;
  const stop = new AbortController();
  const { signal } = stop;
  let followed: FollowedLedger | undefined;
  const live = makeLive(() => followed?.requests.values() ?? []);

  function follow(): void {
    followed ??= followLedger({
      ledger,
      kubeconfig: options.kubeconfig,
      namespace: options.namespace,
      signal,
      onStep(before, after) {
        live.requestsChanged();
        live.travelled(travelsOfStep(before, after));
      },
      onNews: () => live.requestsChanged(),
    });
  }

  async function lookForTrouble(): Promise<void> {
    if (live.hasViewers) live.troubles(await findTroubles(options, followed?.answers));
  }
  const looking = setInterval(() => void lookForTrouble(), LOOK_FOR_TROUBLE_MS).unref();

  async function ask(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = await readObject(request, signal);
    if (!form) {
      sendWords(response, 400, "That is no form of this page.");
      return;
    }
    const { token } = options;
    const intakeUrl = functions["request-intake"];
    const { status, body } = await askForStatement(form, { intakeUrl, token, signal });
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
    const stored = await ledger.read(name, signal);
    if (stored) await action({ ledger, client, signal }, stored, response, request);
    else sendWords(response, 404, `There is no request ${name} any more.`);
    return true;
  }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "" } = request;
    const { pathname, searchParams } = new URL(`http://localhost${request.url ?? "/"}`);
    switch (`${method} ${pathname}`) {
      case "GET /page/live":
        if (live.isFull) {
          sendWords(response, 503, "Too many windows look at this page: close some of them.");
          return;
        }
        follow();
        live.join(response, readFilter(searchParams));
        return;
      case "GET /page/facts":
        sendJson(response, 200, { bucket: options.bucket, customers: await options.customers() });
        return;
      case "POST /page/requests":
        await ask(request, response);
        return;
      case "POST /page/tick":
        await options.tick();
        sendJson(response, 200, {});
        return;
      default:
        if (method === "GET" && (await sendFile(pathname, response))) return;
        if (await act(request, pathname, response)) return;
        sendWords(response, 404, "There is nothing here; the page is at /.");
    }
  }

  return {
    async answer(request, response) {
      const refused = refusalOf(request.method, request.headers);
      if (refused) {
        sendWords(response, refused.status, refused.text);
        letGo(request, response);
        return;
      }
      try {
        await route(request, response);
        // What goes on (the live events, a file) is bounded by the server's idle time.
        if (response.writableEnded) letGo(request, response);
      } catch (error) {
        if (response.headersSent) throw error;
        const { name } = error instanceof Error ? error : new Error();
        sendWords(response, 503, `That did not work (${name}): try it again.`);
        letGo(request, response);
      }
    },
    onEvent: (report) => live.travelled(travelsOfEvent(report)),
    onDelivery(report) {
      const trouble = troubleOf(report);
      if (trouble !== undefined) live.note(trouble);
    },
    [Symbol.dispose]() {
      clearInterval(looking);
      stop.abort();
      live[Symbol.dispose]();
    },
  };
}
