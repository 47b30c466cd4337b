/**
 * Whoever is called back, behind a simulated wire: each answers the handshake and the event, or does not. One
 * is gone, one takes no events of ours, one asks for time and takes few a minute, and of one the name leads
 * inside of the bank for a while. Sockets, TLS and HTTP itself are not here.
 */
import type { StatementEvent } from "../../functions/domain/events/statement-event.ts";
import type {
  Connect,
  Reply,
} from "../../functions/statement-builder/callback/https-connection.ts";
import type { CallbackNetwork } from "../../functions/statement-builder/callback/callback-sender.ts";
import type { CallPort } from "./calls.ts";
import { draw } from "./chance.ts";
import type { Faults } from "./faults.ts";
import { SimulatedProcess } from "./simulated-process.ts";

export const RECEIVER = "https://receiver.example/outcomes";
const GONE = "https://receiver.example/gone";
export const DEAF = "https://deaf.example/";
export const BUSY = "https://busy.example/";
export const MOVING = "https://moving.example/";
/** What we go by with them. */
export const ORIGIN = "statements.bank.example";
/** Of those, nobody is given up while it could take an event. */
export const NEVER_TAKING: readonly (string | undefined)[] = [GONE, DEAF];

const PUBLIC = "93.184.216.34";
const INSIDE = "169.254.169.254";
/** Events that BUSY takes in a minute of one sender's. */
const RATE = 1;
const RETRY_AFTER_SECONDS = 90;
const LATE_MS = 20_000;
/** No sender waits as long. */
const TIMEOUT_MS = 60_000;

export interface ReceiversOptions {
  readonly seed: number;
  readonly faults: Faults;
  readonly call: CallPort;
  readonly onCalled: (event: StatementEvent) => void;
  /** A sender has done what none may. */
  readonly fail: (rule: string) => void;
}

/** What one process of the sender's has been told by a host. */
interface Told {
  /** By its own clock, whatever becomes of that. */
  pausedUntil: number;
  readonly sent: Map<number, number>;
}

export function makeReceivers(options: ReceiversOptions): CallbackNetwork {
  const { seed, faults, call, onCalled, fail } = options;
  const told = new Map<string, Told>();
  const ids = new Map<string, string>();
  let asked = 0;

  function toldTo(process: SimulatedProcess, hostname: string): Told {
    const key = `${process.name} ${hostname}`;
    const known = told.get(key) ?? { pausedUntil: 0, sent: new Map<number, number>() };
    told.set(key, known);
    return known;
  }

  function take(url: string, headers: Readonly<Record<string, string>>, body = ""): void {
    const { specversion, ...event } = JSON.parse(body) as StatementEvent & { specversion?: string };
    if (headers["webhook-request-origin"] !== ORIGIN || specversion !== "1.0")
      fail(`${url} is sent what is no event of ours`);
    const end = `${event.subject} ${event.type}`;
    if ((ids.get(end) ?? event.id) !== event.id) fail(`${end} is called back under two ids`);
    ids.set(end, event.id);
    onCalled(event);
  }

  /** As the receiver answers when nothing goes wrong. */
  function handshakeOf(url: string, number: number): Reply {
    if (url === GONE) return { status: 410, headers: {} };
    if (url === BUSY && faults.happens("receiver is busy", 500, number)) return refusalOf(number);
    if (url === DEAF)
      return { status: 200, headers: { "webhook-allowed-origin": "somebody.else.example" } };
    const chance = draw(seed, 110, number);
    const consent = { "webhook-allowed-origin": chance < 0.5 ? "*" : ORIGIN };
    const rate = url === BUSY ? String(RATE) : "*";
    return { status: 200, headers: { ...consent, "webhook-allowed-rate": rate } };
  }

  function refusalOf(number: number): Reply {
    const wait = { "retry-after": String(RETRY_AFTER_SECONDS) };
    const chance = draw(seed, 111, number);
    if (chance < 0.4) return { status: 429, headers: wait };
    return { status: 503, headers: chance < 0.7 ? wait : {} };
  }

  const connect: Connect = (url, { lookup, signal }) => {
    const process = SimulatedProcess.current();
    if (!process) throw new Error("a callback from outside the simulation");
    const { hostname } = new URL(url);
    const known = toldTo(process, hostname);
    if (process.wallClock() < known.pausedUntil)
      fail(`${hostname} has asked ${process.name} for time, and is called`);
    let address: string | undefined;
    let hasConsented = false;

    async function addressOf(): Promise<string> {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      lookup(hostname, { all: true }, (error, found) => {
        const [first] = typeof found === "string" ? [] : found;
        if (error || !first) reject(error ?? new Error("no address"));
        else resolve(first.address);
      });
      return await promise;
    }

    /** A minute's events are counted by the sender's own clock, so not where that jumps. */
    function countPost(sender: SimulatedProcess): void {
      if (!hasConsented) fail(`${url} is posted to, and has not consented`);
      if (url !== BUSY || sender.clockSteps.length > 0) return;
      const minute = Math.floor(sender.wallClock() / 60_000);
      const sent = (known.sent.get(minute) ?? 0) + 1;
      known.sent.set(minute, sent);
      if (sent > RATE) fail(`${url} takes ${RATE} a minute, and is sent ${sent}`);
    }

    return {
      async ask({ method, headers, body }) {
        const number = asked++;
        // A connection that ended behind the handshake is made anew.
        if (address === undefined || faults.happens("receiver hangs up", 100, number))
          address = await addressOf();
        if (address === INSIDE) fail(`${url} leads inside, and is connected to`);
        if (method === "POST") countPost(process);
        const reply = await call<Reply>({
          what: `CALL BACK ${method} ${url}`,
          effect: () => {
            if (method === "OPTIONS") return handshakeOf(url, number);
            take(url, headers, body);
            return { status: 202, headers: {} };
          },
          refused: () => refusalOf(number),
          unanswered: () => Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }),
          aborted: (reason) => reason as Error,
          signal,
          timeoutMs: TIMEOUT_MS,
          isRepeated: false,
          landsWithinMs: LATE_MS,
          tell: ({ status }) => String(status),
        });
        if (method === "OPTIONS") hasConsented = isConsent(reply);
        const wait = Number(reply.headers["retry-after"] ?? 0) * 1000;
        if (wait > 0) known.pausedUntil = Math.max(known.pausedUntil, process.wallClock() + wait);
        return reply;
      },
      [Symbol.dispose]: () => undefined,
    };
  };

  return {
    connect,
    resolve: (hostname, _options, callback) => {
      const isInside =
        hostname === new URL(MOVING).hostname && faults.happens("leads inside", 2_000, asked);
      const found = isInside ? [PUBLIC, INSIDE] : [PUBLIC];
      // Either may come first.
      const addresses = draw(seed, 112, asked) < 0.5 ? found : found.toReversed();
      callback(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );
    },
  };
}

function isConsent({ status, headers }: Reply): boolean {
  const origin = headers["webhook-allowed-origin"];
  return status === 200 && (origin === "*" || origin === ORIGIN);
}

/** Where an outcome of this request is to be posted, if anywhere: a third of the requests wants that. */
export function callbackAt(seed: number, number: number): string | undefined {
  if (draw(seed, 101, number) >= 0.33) return undefined;
  // Often several of one world go to the same one.
  const chance = draw(seed, 103, number) < 0.5 ? draw(seed, 102) : draw(seed, 102, number);
  if (chance < 0.08) return GONE;
  if (chance < 0.14) return DEAF;
  if (chance < 0.26) return BUSY;
  return chance < 0.4 ? MOVING : RECEIVER;
}
