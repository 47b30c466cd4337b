/** Everything that changes, to every browser that looks: server-sent events (WHATWG HTML, 9.2). */
import type { ServerResponse } from "node:http";
import { PAGE_HEADERS, toPageJson } from "./answers.ts";
import { makeBoard, type BoardFilter, type Shown } from "./board.ts";
import { inOrder, type Travel } from "./travels.ts";

export interface Live extends Disposable {
  /** Until the browser goes. */
  join(response: ServerResponse, filter: BoardFilter): void;
  /** Whether as many look as may: each holds what it has not read yet. */
  readonly isFull: boolean;
  /** Whether somebody looks. */
  readonly hasViewers: boolean;
  /** The requests are not what they were. */
  requestsChanged(): void;
  travelled(travels: readonly Travel[]): void;
  /** What is wrong now, whole; nobody is told twice. */
  troubles(words: readonly string[]): void;
  /** Something that happened and needs no repair. */
  note(words: string): void;
}

/** So that a thousand requests a second are still five pictures. */
const SEND_EVERY_MS = 200;
const KEEP_ALIVE_MS = 15_000;
/** Beyond this the legs of a moment are shown as one dot each way, with their number. */
const MOST_SINGLE_TRAVELS = 24;
/** A browser that does not read this much is cut off, and comes again. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

const MAX_VIEWERS = 32;

interface Viewer {
  readonly response: ServerResponse;
  readonly filter: BoardFilter;
}

export function makeLive(shown: () => Shown): Live {
  const viewers = new Set<Viewer>();
  let boardIsOld = false;
  let waiting: Travel[] = [];
  let told: readonly string[] = [];
  let lastWrite = performance.now();

  function write({ response }: Viewer, event: string, data: unknown): void {
    response.write(`event: ${event}\ndata: ${toPageJson(data)}\n\n`);
    if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
  }

  function toAll(event: string, data: unknown): void {
    for (const viewer of viewers) write(viewer, event, data);
  }

  const timer = setInterval(() => {
    const now = performance.now();
    if (boardIsOld) {
      for (const one of viewers) write(one, "board", makeBoard(shown(), one.filter));
    }
    if (waiting.length > 0) toAll("travels", merged(inOrder(waiting)));
    if (boardIsOld || waiting.length > 0) lastWrite = now;
    boardIsOld = false;
    waiting = [];
    if (now - lastWrite < KEEP_ALIVE_MS) return;
    lastWrite = now;
    for (const { response } of viewers) response.write(":\n\n");
  }, SEND_EVERY_MS).unref();

  return {
    join(response, filter) {
      const viewer = { response, filter };
      response.writeHead(200, { ...PAGE_HEADERS, "content-type": "text/event-stream" });
      response.write("retry: 1000\n\n");
      write(viewer, "board", makeBoard(shown(), filter));
      write(viewer, "troubles", told);
      viewers.add(viewer);
      response.once("close", () => viewers.delete(viewer));
    },
    get isFull() {
      return viewers.size >= MAX_VIEWERS;
    },
    get hasViewers() {
      return viewers.size > 0;
    },
    requestsChanged: () => void (boardIsOld = true),
    travelled(travels) {
      if (viewers.size > 0) waiting.push(...travels);
    },
    troubles(words) {
      if (words.join("\n") === told.join("\n")) return;
      told = words;
      toAll("troubles", told);
    },
    note: (words) => toAll("note", words),
    [Symbol.dispose]() {
      clearInterval(timer);
      for (const { response } of viewers) response.destroy();
    },
  };
}

interface MergedTravel extends Travel {
  readonly times: number;
}

/** Each leg by itself while a person can follow them; otherwise one for all of its kind. */
function merged(travels: readonly Travel[]): readonly MergedTravel[] {
  if (travels.length <= MOST_SINGLE_TRAVELS) return travels.map((one) => ({ ...one, times: 1 }));
  const kinds = new Map<string, MergedTravel>();
  for (const one of travels) {
    const key = `${one.from} ${one.to} ${one.what}`;
    const times = (kinds.get(key)?.times ?? 0) + 1;
    kinds.set(key, { ...one, subject: times === 1 ? one.subject : undefined, times });
  }
  return [...kinds.values()];
}
