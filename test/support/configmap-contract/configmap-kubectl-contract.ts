import { KubernetesObjectApi } from "@kubernetes/client-node";
import { raw, type ConfigMapBench } from "./configmap-bench.ts";

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

interface Table {
  readonly columnDefinitions?: readonly { readonly name: string }[];
  readonly rows: readonly {
    readonly cells: readonly unknown[];
    readonly object: { readonly kind: string; readonly metadata: { readonly name: string } };
  }[];
}

export function configMapKubectlContract({ server, core, newNamespace }: ConfigMapBench): void {
  let path: string;
  let namespace: string;
  beforeAll(async () => {
    namespace = await newNamespace();
    path = `/api/v1/namespaces/${namespace}/configmaps`;
    for (const [name, data] of Object.entries({ a: {}, b: { k: "", l: "" } })) {
      const metadata = { name, labels: { status: "pending" } };
      await core().createNamespacedConfigMap({ namespace, body: { metadata, data } });
    }
  });
  const get = (where: string, accept = "application/json") =>
    raw(server().config, "GET", where, { accept });
  const read = async (where: string, accept?: string): Promise<unknown> =>
    JSON.parse((await get(where, accept)).text);

  test.each([
    ["list", "", ["a", "b"]],
    ["object", "/b", ["b"]],
  ])("a table of a %s has its columns and rows", async (_what, suffix, names) => {
    const body = await read(`${path}${suffix}`, TABLE);
    expect(body).toMatchObject({ kind: "Table", apiVersion: "meta.k8s.io/v1" });
    const { columnDefinitions, rows } = body as Table;
    expect(columnDefinitions?.map(({ name }) => name)).toEqual(["Name", "Data", "Age"]);
    expect(rows.map(({ cells }) => cells[0])).toEqual(names);
    expect(rows.at(-1)?.cells[1]).toBe(2);
    expect(rows.at(-1)?.cells[2]).toMatch(/^\d+s$/);
    expect(rows.at(-1)?.object).toMatchObject({
      kind: "PartialObjectMetadata",
      apiVersion: "meta.k8s.io/v1",
      metadata: { name: "b", namespace, labels: { status: "pending" } },
    });
  });

  test("a watch may come as tables, the columns with the first one", async () => {
    const { text } = await get(`${path}?watch=1&timeoutSeconds=1`, TABLE);
    const lines = text.trim().split("\n");
    const tables = lines.map((line) => (JSON.parse(line) as { readonly object: Table }).object);
    expect(tables.map(({ rows }) => rows[0]?.cells[0])).toEqual(["a", "b"]);
    expect(tables.map(({ columnDefinitions }) => columnDefinitions?.length ?? 0)).toEqual([3, 0]);
  });

  test("the server says what it has", async () => {
    const { resources } = (await read("/api/v1")) as { resources: { name: string }[] };
    const known = resources.filter(({ name }) => ["configmaps", "namespaces"].includes(name));
    expect(known).toMatchObject([
      { name: "configmaps", singularName: "configmap", namespaced: true, shortNames: ["cm"] },
      { name: "namespaces", singularName: "namespace", namespaced: false, shortNames: ["ns"] },
    ]);
    expect(await read("/api")).toMatchObject({ kind: "APIVersions", versions: ["v1"] });
    expect(await read("/version")).toMatchObject({ major: "1", minor: "34" });
    expect(await get("/readyz")).toEqual({ status: 200, text: "ok" });
  });

  test("a client that knows no kinds finds its way", async () => {
    const api = KubernetesObjectApi.makeApiClient(server().config);
    const head = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "found", namespace } };
    await api.create({ ...head, data: { k: "v" } } as typeof head);
    expect(await api.read(head)).toMatchObject({ data: { k: "v" } });
    await api.delete(head);
  });

  test.each<[string, string, string, Record<string, string>, string, number, string]>([
    ["HTML", "GET", "", { accept: "text/html" }, "", 406, "NotAcceptable"],
    ["text", "POST", "", { "content-type": "text/plain" }, "{}", 415, "UnsupportedMediaType"],
    ["no JSON", "POST", "", { "content-type": "application/json" }, "x", 400, "BadRequest"],
    [
      "a replaced list",
      "PUT",
      "",
      { "content-type": "application/json" },
      "{}",
      405,
      "MethodNotAllowed",
    ],
    [
      "a posted object",
      "POST",
      "/a",
      { "content-type": "application/json" },
      "{}",
      405,
      "MethodNotAllowed",
    ],
    ["an unknown part", "GET", "/a/status", {}, "", 404, "NotFound"],
  ])("%s is refused", async (_what, method, suffix, headers, body, code, reason) => {
    const answer = await raw(server().config, method, `${path}${suffix}`, headers, body);
    expect(answer.status).toBe(code);
    expect(JSON.parse(answer.text)).toMatchObject({
      kind: "Status",
      status: "Failure",
      code,
      reason,
    });
  });
}
