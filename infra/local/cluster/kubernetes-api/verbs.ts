/** Which verb of the API a request means, and its answer. */
import type { ServerResponse } from "node:http";
import { ApiError, invalidOption } from "./api-error.ts";
import type { ApiRequest } from "./api-request.ts";
import type { KubeObject } from "./kube-object.ts";
import type { Lister } from "./list.ts";
import {
  createObject,
  deleteObject,
  patchObject,
  readObject,
  replaceObject,
  type DeleteOptions,
  type Target,
  type WriteOptions,
} from "./operations.ts";
import type { Resource, Verb } from "./resource.ts";
import type { Store } from "./store.ts";
import { tableOf } from "./table.ts";
import { watch } from "./watch.ts";

export interface Api {
  readonly store: Store;
  readonly list: Lister;
}

/** @throws ApiError */
export async function answerVerb(
  api: Api,
  target: Target,
  request: ApiRequest,
  response: ServerResponse,
): Promise<void> {
  const { resource } = target;
  const verb = verbOf(target, request);
  if (!verb || !resource.verbs.includes(verb)) {
    const message = "the server does not allow this method on the requested resource";
    throw new ApiError("MethodNotAllowed", message, {});
  }
  if (verb === "watch") {
    watch(api.store, target, request.query, response, presenter(resource, request));
    return;
  }
  const document = await RUN[verb](api, target, request);
  const body = JSON.stringify(document);
  response.writeHead(verb === "create" ? 201 : 200, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

type Run = (api: Api, target: Target, request: ApiRequest) => object | Promise<object>;

const RUN: Readonly<Record<Exclude<Verb, "watch">, Run>> = {
  get: ({ store }, target, request) =>
    presenter(target.resource, request)(readObject(store, target)),

  list: ({ list }, target, request) => {
    const { metadata, items } = list(target, request.query);
    const { resource } = target;
    if (request.form === "table") return tableOf(resource, items, metadata, tableOptions(request));
    // The items of a list do not repeat what the list says.
    const bare = items.map(({ kind: _kind, apiVersion: _version, ...item }) => item);
    return { kind: `${resource.kind}List`, apiVersion: "v1", metadata, items: bare };
  },

  create: async ({ store }, target, request) => {
    const options = writeOptions("CreateOptions", request);
    const document = await readDocument(request);
    return presenter(target.resource, request)(createObject(store, target, document, options));
  },

  update: async ({ store }, target, request) => {
    const options = writeOptions("UpdateOptions", request);
    const document = await readDocument(request);
    return presenter(target.resource, request)(replaceObject(store, target, document, options));
  },

  patch: async ({ store }, target, request) => {
    const options = writeOptions("PatchOptions", request);
    const patch = request.mediaType.endsWith("yaml") ? null : await request.readJson();
    const patched = patchObject(store, target, request.mediaType, patch, options);
    return presenter(target.resource, request)(patched);
  },

  delete: async ({ store }, target, request) => {
    const { metadata } = deleteObject(store, target, await deleteOptions(request));
    const { name, uid } = metadata;
    const details = { name, kind: target.resource.plural, uid };
    return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
  },
};

function verbOf({ resource, namespace, name }: Target, request: ApiRequest): Verb | undefined {
  if (name !== undefined) {
    const verbs = { GET: "get", PUT: "update", PATCH: "patch", DELETE: "delete" } as const;
    return verbs[request.method as keyof typeof verbs];
  }
  const watches = ["1", "true"].includes(request.query.get("watch") ?? "");
  if (request.method === "GET") return watches ? "watch" : "list";
  const creates = request.method === "POST" && (!resource.namespaced || namespace !== undefined);
  return creates ? "create" : undefined;
}

async function readDocument(request: ApiRequest): Promise<unknown> {
  if (request.mediaType === "application/json") return await request.readJson();
  const message =
    "the body of the request was in an unknown format - accepted media types include: application/json";
  throw new ApiError("UnsupportedMediaType", message);
}

/** The object itself, or its table; the columns come with the first one only. */
function presenter(resource: Resource, request: ApiRequest): (object: KubeObject) => object {
  let withColumns = true;
  return (object) => {
    if (request.form === "object") return object;
    const { resourceVersion } = object.metadata;
    const options = { ...tableOptions(request), withColumns };
    withColumns = false;
    return tableOf(resource, [object], { resourceVersion }, options);
  };
}

function tableOptions({ query }: ApiRequest): { includeObject: string; withColumns: boolean } {
  return { includeObject: query.get("includeObject") ?? "Metadata", withColumns: true };
}

function writeOptions(kind: string, { query }: ApiRequest): WriteOptions {
  return {
    dryRun: isDryRun(kind, query.getAll("dryRun")),
    strict: query.get("fieldValidation") === "Strict",
  };
}

/** From the body, with the query's `dryRun` as a second way to say it. */
async function deleteOptions(request: ApiRequest): Promise<DeleteOptions> {
  const body: unknown = request.hasBody ? await request.readJson() : {};
  const { dryRun, preconditions } = (body ?? {}) as {
    readonly dryRun?: readonly string[];
    readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  };
  return {
    dryRun: isDryRun("DeleteOptions", [...request.query.getAll("dryRun"), ...(dryRun ?? [])]),
    uid: preconditions?.uid,
    resourceVersion: preconditions?.resourceVersion,
  };
}

function isDryRun(kind: string, values: readonly string[]): boolean {
  const unknown = values.find((value) => value !== "All" && value !== "");
  if (unknown === undefined) return values.includes("All");
  const message = `Unsupported value: ["${unknown}"]: supported values: "All"`;
  throw invalidOption(kind, { reason: "FieldValueNotSupported", message, field: "dryRun" });
}
