/** Whoever is called back: a real HTTPS server on loopback, under a name of its own, that does as it is told. */
import { once } from "node:events";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { CallbackNetwork } from "../../../functions/statement-builder/callback/callback-sender.ts";
import { makeAuthority } from "../servers/certificates.ts";

export const RECEIVER_NAME = "hooks.example.com";

/** Every name leads to this machine, which production would not connect to. */
export const LOOPBACK: CallbackNetwork = {
  resolve: (_hostname, _options, callback) => {
    callback(null, [{ address: "127.0.0.1", family: 4 }]);
  },
  isAllowed: (address) => address === "127.0.0.1",
};

export type Behave = (response: ServerResponse) => void;

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface CallbackReceiver extends AsyncDisposable {
  readonly port: number;
  /** Of whoever vouches for it, PEM. */
  readonly ca: string;
  readonly caFile: string;
  readonly seen: Seen[];
  /** What was posted, in its order. */
  events(): readonly { readonly id: string; readonly type: string; readonly subject: string }[];
  connections: number;
  onOptions: Behave;
  onPost: Behave;
}

export const answering =
  (status: number, headers: Readonly<Record<string, string>> = {}): Behave =>
  (response) =>
    void response.writeHead(status, headers).end();

export const CONSENT = { "webhook-allowed-origin": "*", "webhook-allowed-rate": "*" };

export async function startCallbackReceiver(): Promise<CallbackReceiver> {
  const authority = await makeAuthority();
  const { cert, key } = await authority.issue(`DNS:${RECEIVER_NAME}`);
  const server = createServer({ cert, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method, url, headers } = request;
      receiver.seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      (method === "OPTIONS" ? receiver.onOptions : receiver.onPost)(response);
    });
  });
  server.on("secureConnection", () => receiver.connections++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const receiver: CallbackReceiver = {
    port: (server.address() as AddressInfo).port,
    ca: authority.ca,
    caFile: authority.caFile,
    seen: [],
    events: () =>
      receiver.seen
        .filter(({ method }) => method === "POST")
        .map(({ body }) => JSON.parse(body) as { id: string; type: string; subject: string }),
    connections: 0,
    onOptions: answering(200, CONSENT),
    onPost: answering(204),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      await authority[Symbol.asyncDispose]();
    },
  };
  return receiver;
}
