/**
 * A small Kubernetes API server for one machine: ConfigMaps and their namespaces, with the semantics
 * of the real one, kept in one file. It knows one token, that of its kubeconfig, and is bound to this
 * machine alone. What it does not have (server-side apply, finalizers, controllers) it refuses.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { boundConnections } from "../../../../functions/platform/http/bound-connections.ts";
import { letGo } from "../../../../functions/platform/http/let-go.ts";
import { isOfProgramHere } from "../../../../functions/platform/http/local-requests.ts";
import { localKubeconfig } from "../kubeconfig.ts";
import { ApiError, statusOf } from "./api-error.ts";
import { readApiRequest, targetOf } from "./api-request.ts";
import { discover } from "./discovery.ts";
import { makeLister } from "./list.ts";
import { answerVerb, type Api } from "./verbs.ts";
import { buildObject, NAMESPACES, newIdentity } from "./resource.ts";
import { openStore, type Change, type Store } from "./store.ts";

export interface LocalKubernetesApiOptions {
  /** Every answered write is in this file; without one the objects live as long as the process. */
  readonly file?: string;
  /** A free one unless given. */
  readonly port?: number;
  /** What everybody must show; a new one unless given. */
  readonly token?: string;
  /** Told of every write, in their order, before it is answered. */
  readonly onChange?: (change: Change) => void;
}

export interface LocalKubernetesApi extends AsyncDisposable {
  /** Such as `http://127.0.0.1:8001`. */
  readonly url: string;
  /** The text of a kubeconfig that leads here. */
  kubeconfig(): string;
}

/** A write is small, and a list is read at once; a watch has no end of its own and may be quiet. */
const BOUNDS = { requestMs: 30_000, idleMs: 30_000, connections: 1_024 };

/** Namespaces every cluster has. */
const FIRST_NAMESPACES = ["default", "kube-system"];

/** @throws Error when the port is taken or the file is damaged */
export async function startLocalKubernetesApi(
  options: LocalKubernetesApiOptions = {},
): Promise<LocalKubernetesApi> {
  const store = openStore(options.file);
  if (options.onChange) store.subscribe(options.onChange);
  createFirstNamespaces(store);
  const api: Api = { store, list: makeLister(store) };
  const token = options.token ?? randomBytes(24).toString("base64url");
  const server = createServer({ connectionsCheckingInterval: 1_000 }, (message, response) => {
    void answer({ ...api, token }, message, response);
  });
  boundConnections(server, BOUNDS);
  server.listen(options.port ?? 0, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    store.close();
    throw error;
  }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    kubeconfig: () => localKubeconfig(`${url}/${token}`, token),
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      store.close();
    },
  };
}

function createFirstNamespaces(store: Store): void {
  for (const name of FIRST_NAMESPACES) {
    if (store.find("Namespace", undefined, name)) continue;
    store.put(buildObject(NAMESPACES, { metadata: {} }, { name, ...newIdentity() }));
  }
}

/** Never rejects. */
async function answer(
  { token, ...api }: Api & { readonly token: string },
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    refuseBrowsers(message);
    readToken(message, token);
    const request = readApiRequest(message);
    const target = targetOf(request.path);
    if (target) {
      await answerVerb(api, target, request, response);
      // A watch goes on; it ends whoever does not read it.
      if (response.writableEnded) letGo(message, response);
      return;
    }
    const document = request.method === "GET" ? discover(request.path) : undefined;
    if (document === undefined) {
      const message = "the server could not find the requested resource";
      throw new ApiError("NotFound", message, {});
    }
    sendJson(response, 200, document);
    letGo(message, response);
  } catch (error) {
    if (response.headersSent || message.errored) response.destroy();
    else sendError(message, response, error);
  }
}

/**
 * Any web site can send its visitors' browsers to 127.0.0.1. They say so, and for a body without a
 * type they ask nobody first.
 */
function refuseBrowsers({ headers, method = "" }: IncomingMessage): void {
  const { "content-type": type } = headers;
  if (!isOfProgramHere(headers)) {
    throw new ApiError("Forbidden", "this API answers to programs of this machine only");
  }
  if (["POST", "PUT", "PATCH"].includes(method) && type === undefined) {
    throw new ApiError("UnsupportedMediaType", "the body has no content type");
  }
}

/**
 * Takes the token out of the request. Other users of this machine, and their programs, do not know
 * it. It may be the first part of the path as well, because to a server without TLS kubectl sends
 * no credentials.
 */
function readToken(message: IncomingMessage, token: string): void {
  const [, first = "", rest = ""] = /^\/([^/?]*)(.*)$/.exec(message.url ?? "") ?? [];
  if (isEqual(first, token)) message.url = rest;
  else if (!isEqual(message.headers.authorization ?? "", `Bearer ${token}`))
    throw new ApiError("Unauthorized", "Unauthorized");
}

/** Takes the same time however much of it is right. */
function isEqual(given: string, secret: string): boolean {
  const hashed = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(hashed(given), hashed(secret));
}

function sendError(message: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (!(error instanceof ApiError)) console.error("the local Kubernetes API failed:", error);
  const failure = error instanceof ApiError ? error : new ApiError(undefined, "internal error");
  sendJson(response, failure.code, statusOf(failure));
  letGo(message, response);
}

function sendJson(response: ServerResponse, code: number, document: unknown): void {
  const isText = typeof document === "string";
  const body = isText ? document : JSON.stringify(document);
  response.writeHead(code, {
    "content-type": isText ? "text/plain" : "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}
