/**
 * JSON Merge Patch (RFC 7396) and JSON Patch (RFC 6902). The strategic merge patch of a ConfigMap,
 * which holds no lists, is a merge patch as long as it has no directives.
 */
import { isDeepStrictEqual } from "node:util";
import { ApiError } from "./api-error.ts";

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
type Members = Record<string, Json>;

/** @throws ApiError UnsupportedMediaType, BadRequest, Invalid */
export function applyPatch(mediaType: string, document: Json, patch: Json): Json {
  switch (mediaType) {
    case "application/merge-patch+json":
      return mergePatch(document, requireMembers(patch));
    case "application/strategic-merge-patch+json":
      refuseDirectives(requireMembers(patch));
      return mergePatch(document, patch);
    case "application/json-patch+json":
      if (!Array.isArray(patch)) {
        throw new ApiError("BadRequest", "error decoding patch: a JSON Patch is a list");
      }
      return patch.reduce<Json>((target, step) => applyStep(target, step), document);
    default:
      throw new ApiError("UnsupportedMediaType", "415: Unsupported Media Type", {});
  }
}

function mergePatch(target: Json, patch: Json): Json {
  if (!isMembers(patch)) return patch;
  // A map, because a name such as __proto__ must stay an ordinary one.
  const merged = new Map(isMembers(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name) ?? null, value));
  }
  return Object.fromEntries(merged);
}

function refuseDirectives(patch: Json): void {
  if (!isMembers(patch)) return;
  const directive = Object.keys(patch).find((name) => name.startsWith("$"));
  if (directive !== undefined) {
    throw new ApiError("NotImplemented", `the directive ${directive} is not supported here`);
  }
  Object.values(patch).forEach(refuseDirectives);
}

function applyStep(document: Json, step: Json): Json {
  const { op, path, from, value } = isMembers(step) ? step : {};
  if (typeof path !== "string") throw rejected();
  switch (op) {
    case "add":
    case "replace":
      // Against RFC 6902, 4.3, the API server lets `replace` add a member; so it does here.
      return edit(document, pointer(path), () => given(value));
    case "remove":
      read(document, pointer(path));
      return edit(document, pointer(path), () => REMOVED);
    case "test":
      if (!isDeepStrictEqual(read(document, pointer(path)), given(value))) throw rejected();
      return document;
    case "copy":
    case "move": {
      const source = pointer(typeof from === "string" ? from : "");
      const moved = read(document, source);
      const rest = op === "move" ? edit(document, source, () => REMOVED) : document;
      return edit(rest, pointer(path), () => moved);
    }
    default:
      throw rejected();
  }
}

const REMOVED = Symbol("removed");
type Change = () => Json | typeof REMOVED;

/** A copy with one member changed; it is refused where the member would have no parent. */
function edit(document: Json, [name, ...rest]: readonly string[], change: Change): Json {
  if (name === undefined || !isMembers(document)) throw rejected();
  const next = rest.length > 0 ? edit(read(document, [name]), rest, change) : change();
  if (next !== REMOVED) return { ...document, [name]: next };
  const { [name]: _removed, ...others } = document;
  return others;
}

function read(document: Json, names: readonly string[]): Json {
  let target: Json = document;
  for (const name of names) {
    if (!isMembers(target) || !Object.hasOwn(target, name)) throw rejected();
    target = target[name] ?? null;
  }
  return target;
}

/** RFC 6901 */
function pointer(path: string): string[] {
  if (!path.startsWith("/")) throw rejected();
  const names = path.slice(1).split("/");
  return names.map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function given(value: Json | undefined): Json {
  if (value === undefined) throw rejected();
  return value;
}

function requireMembers(patch: Json): Json {
  if (isMembers(patch)) return patch;
  throw new ApiError("BadRequest", "error decoding patch: a merge patch is an object");
}

function isMembers(value: Json | undefined): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function rejected(): ApiError {
  const message = "the server rejected our request due to an error in our request";
  return new ApiError("Invalid", message, {});
}
