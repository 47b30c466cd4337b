/** What can be done with one request: explain it, fetch its file, look inside that, cancel it, try it again. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { S3Client } from "@aws-sdk/client-s3";
import type { ExecutedRequest } from "../../../functions/domain/statement-request.ts";
import type { Ledger, Stored } from "../../../functions/platform/ledger/configmap-ledger.ts";
import { actsOf, type Act } from "../words/acts.ts";
import type { ClaimTerms } from "../session/told-variables.ts";
import { explain } from "../look/explanation.ts";
import {
  cancelRequest,
  retryRequest,
  type Moved,
  type OperatorDesk,
} from "../act/operator-moves.ts";
import { keysOf } from "../files/verification-keys.ts";
import { PAGE_HEADERS, readObject, sendJson, sendWords, toPageJson } from "./answers.ts";
import { inspect } from "./inspection.ts";
import { openObject, sendObject } from "./statement-object.ts";

export interface Counter {
  readonly ledger: Pick<Ledger, "read" | "readWish" | "remove" | "replace">;
  /** Opened when it is first needed. @throws CommandError */
  readonly store: () => Promise<S3Client>;
  /** As the builder has them. */
  readonly terms: ClaimTerms;
  /** How the operator's tool is called for it. */
  readonly words: { readonly tool: string };
  /** Who sits in front of the page, as records name it. */
  readonly who: () => Promise<string>;
  /** Told once it stands in the record. */
  readonly onAct: (request: string, act: Act) => void;
}

interface Turn {
  readonly stored: Stored;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborts when the page ends, or the browser has gone. */
  readonly signal: AbortSignal;
}

export interface Action {
  readonly writes: boolean;
  readonly run: (counter: Counter, turn: Turn) => Promise<void>;
}

/** By the method and the last part of the address. */
export const ACTIONS: Readonly<Record<string, Action>> = {
  "GET explanation": {
    writes: false,
    run: async ({ terms, words: { tool } }, { stored, response }) => {
      const now = { now: Date.now(), acts: actsOf(stored) };
      sendJson(response, 200, explain(stored.request, { ...terms, tool, ...now }));
      await Promise.resolve();
    },
  },
  "GET statement": {
    writes: false,
    run: async ({ store }, { stored, response, signal }) => {
      const request = executed(stored, response);
      if (request) await sendObject(await store(), request, signal, response);
    },
  },
  // It asks for a body: keys are longer than an address may be.
  "POST inspection": { writes: false, run: sendInspection },
  "POST cancel": {
    writes: true,
    run: async (counter, turn) => await move(cancelRequest, counter, turn),
  },
  "POST retry": {
    writes: true,
    run: async (counter, turn) => await move(retryRequest, counter, turn),
  },
};

const TELL_EVERY_MS = 250;

/** Lines of JSON: how much was read, now and then, and in the end what was found, or why nothing was. */
async function sendInspection({ store }: Counter, turn: Turn): Promise<void> {
  const { stored, request: message, response, signal } = turn;
  const request = executed(stored, response);
  if (!request) return;
  const keys = (await readObject(message, signal))?.["keys"];
  if (typeof keys !== "string") {
    sendWords(response, 400, "That is no form of this page, or the keys are longer than 16 KiB.");
    return;
  }
  const known = keys.trim() === "" ? undefined : keysOf(parsed(keys));
  if (keys.trim() !== "" && !known) {
    sendWords(response, 400, 'These are no keys: {"keys": [{"kty": …}]} is looked for.');
    return;
  }
  const found = await openObject(await store(), request, signal);
  if ("words" in found) {
    sendWords(response, found.status, found.words);
    return;
  }
  response.writeHead(200, { ...PAGE_HEADERS, "content-type": "application/jsonl" });
  const tell = (line: unknown): void => void response.write(`${toPageJson(line)}\n`);
  let told = performance.now();
  const onRead = (bytes: number): void => {
    if (performance.now() - told < TELL_EVERY_MS) return;
    told = performance.now();
    tell({ share: Math.min(1, bytes / request.bytes) });
  };
  try {
    tell(await inspect(found.body, request, known, onRead));
  } catch (error) {
    // A status has been said by then.
    const { name } = error instanceof Error ? error : new Error();
    tell({ words: `The store broke off (${name}): try it again.` });
  }
  response.end();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What has a file; otherwise that is said. */
function executed({ request }: Stored, response: ServerResponse): ExecutedRequest | undefined {
  if (request.status === "executed") return request;
  sendWords(response, 409, `The request is ${request.status}, so it has no file.`);
  return undefined;
}

async function move(
  act: (desk: OperatorDesk) => Promise<Moved>,
  { ledger, who, onAct }: Counter,
  { stored, response, signal }: Turn,
): Promise<void> {
  const find = async (): Promise<Stored> => {
    const now = await ledger.read(stored.name, signal);
    if (!now) throw new Error(`${stored.name} is gone`);
    return now;
  };
  const moved = await act({ ledger, find, now: Date.now, by: await who(), signal });
  if (moved.kind === "refused") {
    sendWords(response, 409, `The request is ${moved.before.status} already.`);
    return;
  }
  onAct(stored.name, moved.act);
  sendJson(response, 200, {});
}
