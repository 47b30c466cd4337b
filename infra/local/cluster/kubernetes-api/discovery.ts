/** What clients ask about the server itself, as far as kubectl needs it. */
import { RESOURCES, type Resource } from "./resource.ts";

/** The version whose behaviour this server follows. */
const VERSION = { major: "1", minor: "34", gitVersion: "v1.34.0+local" };

const DOCUMENTS: Readonly<Record<string, unknown>> = {
  "/api": { kind: "APIVersions", apiVersion: "v1", versions: ["v1"] },
  "/apis": { kind: "APIGroupList", apiVersion: "v1", groups: [] },
  "/api/v1": {
    kind: "APIResourceList",
    groupVersion: "v1",
    resources: RESOURCES.map(({ plural, singular, kind, namespaced, verbs, shortNames }) => ({
      name: plural,
      singularName: singular,
      kind,
      namespaced,
      verbs,
      shortNames,
    })),
  },
  "/version": VERSION,
  "/openapi/v3": { paths: { "api/v1": { serverRelativeURL: "/openapi/v3/api/v1" } } },
  "/openapi/v3/api/v1": {
    openapi: "3.0.0",
    info: { title: "Local Kubernetes API", version: VERSION.gitVersion },
    paths: Object.fromEntries(RESOURCES.map(patchPath)),
  },
};

const HEALTH = ["/healthz", "/livez", "/readyz"];

/** The document at this path: text, or anything else as JSON; `undefined` when there is none. */
export function discover(path: string): unknown {
  return HEALTH.includes(path) ? "ok" : DOCUMENTS[path];
}

/** All kubectl looks for before it leaves the check of unknown fields to the server. */
function patchPath({ kind, plural, namespaced }: Resource): [string, object] {
  const path = `/api/v1/${namespaced ? "namespaces/{namespace}/" : ""}${plural}/{name}`;
  const patch = {
    parameters: [{ name: "fieldValidation", in: "query", schema: { type: "string" } }],
    responses: { 200: { description: "OK" } },
    "x-kubernetes-group-version-kind": { group: "", version: "v1", kind },
  };
  return [path, { patch }];
}
