import type { IncomingMessage } from "node:http";
import { ApiError } from "./api-error.ts";
import type { Target } from "./operations.ts";
import type { Json } from "./patch.ts";
import { CONFIG_MAPS, NAMESPACES } from "./resource.ts";

/** The API server's limit on a request's body. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Of the body, without parameters. */
  readonly mediaType: string;
  /** Read once, whole; @throws ApiError BadRequest, RequestEntityTooLarge */
  readonly readJson: () => Promise<Json>;
  readonly hasBody: boolean;
  readonly form: ResponseForm;
}

export type ResponseForm = "object" | "table";

/** @throws ApiError NotAcceptable */
export function readApiRequest(message: IncomingMessage): ApiRequest {
  const url = new URL(message.url ?? "/", "http://localhost");
  const { headers } = message;
  return {
    method: message.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    mediaType: (headers["content-type"] ?? "application/json").split(";", 1).join("").trim(),
    readJson: () => readJson(message),
    hasBody: headers["content-length"] !== "0" && hasBody(message),
    form: responseForm(headers.accept ?? "*/*"),
  };
}

/** `undefined` when the path names nothing this server has. */
export function targetOf(path: string): Target | undefined {
  const segments = decodePath(path).split("/");
  if (segments.some((segment, index) => index > 0 && segment === "")) return undefined;
  const [, api, version, collection, namespace, plural, name, ...more] = segments;
  if (api !== "api" || version !== "v1" || more.length > 0) return undefined;
  if (collection === "configmaps" && namespace === undefined) {
    return { resource: CONFIG_MAPS, namespace: undefined, name: undefined };
  }
  if (collection !== "namespaces") return undefined;
  if (plural === undefined) return { resource: NAMESPACES, namespace: undefined, name: namespace };
  return plural === "configmaps" ? { resource: CONFIG_MAPS, namespace, name } : undefined;
}

/** No name of an object holds a character that would be encoded. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new ApiError("BadRequest", "the path is not well formed");
  }
}

/** The first form of the client's list that this server knows. */
function responseForm(accept: string): ResponseForm {
  for (const entry of accept.split(",")) {
    const [type = "", ...parameters] = entry.split(";").map((part) => part.trim());
    const as = parameters.find((parameter) => parameter.startsWith("as="));
    const isJson = ["application/json", "application/*", "*/*"].includes(type);
    if (isJson && as === undefined) return "object";
    if (isJson && as === "as=Table" && parameters.includes("g=meta.k8s.io")) return "table";
  }
  throw new ApiError("NotAcceptable", "only application/json is available", {});
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}

async function readJson(message: IncomingMessage): Promise<Json> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of message.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > MAX_BODY_BYTES) {
      const limit = `Request entity too large: limit is ${MAX_BODY_BYTES}`;
      throw new ApiError("RequestEntityTooLarge", limit);
    }
    pieces.push(piece);
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString("utf8")) as Json;
  } catch {
    throw new ApiError("BadRequest", "the body of the request is not JSON");
  }
}
