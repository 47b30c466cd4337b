import type { V1ConfigMap } from "@kubernetes/client-node";
import { plain, raw, refusalOf, type ConfigMapBench } from "./configmap-bench.ts";

const MIB = 1024 * 1024;
const JSON_TYPE = { "content-type": "application/json" };

export function configMapCreateContract({ server, core, newNamespace }: ConfigMapBench): void {
  let namespace: string;
  beforeAll(async () => {
    namespace = await newNamespace();
  });
  const create = (body: V1ConfigMap, more: object = {}) =>
    core().createNamespacedConfigMap({ namespace, body, ...more });
  const read = (name: string) => core().readNamespacedConfigMap({ namespace, name });

  test("what is created can be read, with its identity", async () => {
    const before = Date.now();
    const created = await create({
      metadata: {
        name: "transaction-request-acme.1-1790000000000",
        labels: { "transactions-collector.io/status": "pending", empty: "" },
        annotations: { note: "any text: ü" },
      },
      data: { customer_id: "acme.1", empty: "", text: "two\nlines ü 😀" },
      binaryData: { "some.bin": "AP8=" },
      immutable: false,
    });
    expect(created).toMatchObject({
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: {
        name: "transaction-request-acme.1-1790000000000",
        namespace,
        labels: { "transactions-collector.io/status": "pending", empty: "" },
        annotations: { note: "any text: ü" },
      },
      data: { customer_id: "acme.1", empty: "", text: "two\nlines ü 😀" },
      binaryData: { "some.bin": "AP8=" },
      immutable: false,
    });
    const { uid, resourceVersion, creationTimestamp } = created.metadata ?? {};
    expect(uid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(resourceVersion).toMatch(/^\d+$/);
    expect(Math.abs((creationTimestamp?.getTime() ?? 0) - before)).toBeLessThan(10_000);
    expect(await read("transaction-request-acme.1-1790000000000")).toEqual(created);
  });

  test("the second creation of a name is refused and changes nothing", async () => {
    const first = await create({ metadata: { name: "twice" }, data: { n: "1" } });
    const second = create({ metadata: { name: "twice" }, data: { n: "2" } });
    expect(await refusalOf(second)).toEqual({
      ...{ code: 409, reason: "AlreadyExists" },
      ...{ name: "twice", kind: "configmaps" },
    });
    expect(await read("twice")).toEqual(first);
  });

  test("of many who create one name, one wins", async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        refusalOf(create({ metadata: { name: "raced" }, data: { racer: String(i) } })),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === "not refused")).toHaveLength(1);
  });

  test("what is not there is not found", async () => {
    const name = "absent";
    const missing = { code: 404, reason: "NotFound", name };
    expect(await refusalOf(read(name))).toEqual({ ...missing, kind: "configmaps" });
    const elsewhere = core().createNamespacedConfigMap({
      namespace: "absent",
      body: { metadata: { name: "a" } },
    });
    expect(await refusalOf(elsewhere)).toEqual({ ...missing, kind: "namespaces" });
    expect(await refusalOf(core().readNamespace({ name }))).toEqual({
      ...missing,
      kind: "namespaces",
    });
  });

  const x = (length: number) => "x".repeat(length);
  test.each<[string, V1ConfigMap["metadata"], Partial<V1ConfigMap>, string[]]>([
    ["capitals in its name", { name: "Acme" }, {}, ["metadata.name"]],
    ["an underscore in its name", { name: "a_b" }, {}, ["metadata.name"]],
    ["a name that ends with a hyphen", { name: "a-" }, {}, ["metadata.name"]],
    ["a name of 254 characters", { name: x(254) }, {}, ["metadata.name"]],
    ["no name", {}, {}, ["metadata.name"]],
    ["a blank in a label", { name: "a", labels: { l: "a b" } }, {}, ["metadata.labels"]],
    ["a label of 64 characters", { name: "a", labels: { l: x(64) } }, {}, ["metadata.labels"]],
    ["a label that ends with a dot", { name: "a", labels: { l: "a." } }, {}, ["metadata.labels"]],
    ["a label name with a blank", { name: "a", labels: { "a b": "" } }, {}, ["metadata.labels"]],
    ["a label name of 64", { name: "a", labels: { [x(64)]: "" } }, {}, ["metadata.labels"]],
    ["a label prefix in capitals", { name: "a", labels: { "A/b": "" } }, {}, ["metadata.labels"]],
    ["a bad annotation", { name: "a", annotations: { "a b": "" } }, {}, ["metadata.annotations"]],
    [
      "annotations over 256 KiB",
      { name: "a", annotations: { a: x(MIB / 4) } },
      {},
      ["metadata.annotations"],
    ],
    ["a slash in a key", { name: "a" }, { data: { "a/b": "" } }, ["data[a/b]"]],
    ["the key ..", { name: "a" }, { data: { "..": "" } }, ["data[..]"]],
    ["an empty key", { name: "a" }, { data: { "": "" } }, ["data[]"]],
    ["a key of 254 characters", { name: "a" }, { data: { [x(254)]: "" } }, [`data[${x(254)}]`]],
    ["one key twice", { name: "a" }, { data: { k: "" }, binaryData: { k: "" } }, ["data[k]"]],
    ["more than 1 MiB", { name: "a" }, { data: { k: x(MIB + 1) } }, ["[]"]],
    [
      "more than 1 MiB together",
      { name: "a" },
      { data: { k: x(MIB) }, binaryData: { b: "AA==" } },
      ["[]"],
    ],
  ])("with %s it is not valid", async (_what, metadata, content, fields) => {
    const refusal = await refusalOf(create({ metadata: metadata ?? {}, ...content }));
    const { name } = metadata ?? {};
    const expected = { code: 422, reason: "Invalid", kind: "ConfigMap", fields };
    expect(refusal).toEqual(name === undefined ? expected : { ...expected, name });
  });

  test("every problem is told at once", async () => {
    const body = { metadata: { name: "A", labels: { l: "a b" } }, data: { "a/b": "" } };
    const refusal = await refusalOf(create(body));
    expect(refusal).toMatchObject({ fields: ["metadata.name", "metadata.labels", "data[a/b]"] });
  });

  test("1 MiB is not too much, 3 MiB do not even fit the request", async () => {
    await create({ metadata: { name: "full" }, data: { k: x(MIB) } });
    const huge = create({ metadata: { name: "huge" }, data: { k: x(3 * MIB) } });
    expect(await refusalOf(huge)).toEqual({ code: 413, reason: "RequestEntityTooLarge" });
  });

  const post = (body: object, query = "") => {
    const path = `/api/v1/namespaces/${namespace}/configmaps${query}`;
    return raw(server().config, "POST", path, JSON_TYPE, JSON.stringify(body));
  };

  test.each<[string, object]>([
    ["a number where text belongs", { data: { k: 5 } }],
    ["text where a map belongs", { data: "text" }],
    ["a list where a map belongs", { data: [] }],
    ["text where a flag belongs", { immutable: "true" }],
    ["a number as a label", { metadata: { name: "odd", labels: { l: 5 } } }],
    ["no base64", { binaryData: { k: "!" } }],
    ["another kind", { kind: "Secret", apiVersion: "v1" }],
    ["another version", { kind: "ConfigMap", apiVersion: "v2" }],
    ["another namespace", { metadata: { name: "odd", namespace: "elsewhere" } }],
  ])("a body with %s is a bad request", async (_what, fields) => {
    const answer = await post({ metadata: { name: "odd" }, ...fields });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ kind: "Status", reason: "BadRequest" });
  });

  test("a creation may not name a resourceVersion", async () => {
    const call = create({ metadata: { name: "versioned", resourceVersion: "1" } });
    expect(await refusalOf(call)).toEqual({ code: 500 });
  });

  test("empty maps are none, and null is empty text", async () => {
    const body = {
      metadata: { name: "sparse", labels: {}, annotations: { a: null } },
      data: { k: null },
      binaryData: {},
    } as unknown as V1ConfigMap;
    const { metadata, ...created } = plain(await create(body));
    expect(created).toEqual({ kind: "ConfigMap", apiVersion: "v1", data: { k: "" } });
    expect(metadata).toMatchObject({ annotations: { a: "" } });
    expect(metadata).not.toHaveProperty("labels");
  });

  test("unknown fields are dropped, or refused where that is asked for", async () => {
    const body = { metadata: { name: "more", colour: "red" }, status: "?" };
    const strict = await post(body, "?fieldValidation=Strict");
    expect(strict.status).toBe(400);
    expect(strict.text).toContain('unknown field \\"metadata.colour\\"');
    expect(strict.text).toContain('unknown field \\"status\\"');
    const dropped = await post(body, "?fieldValidation=Ignore");
    expect(dropped.status).toBe(201);
    expect(dropped.text).not.toMatch(/colour|"status"/);
  });

  test("a name can be made up by the server", async () => {
    const body = { metadata: { generateName: "made-up-" } };
    const made = await Promise.all([create(body), create(body)]);
    const [first, second] = made.map(({ metadata }) => metadata?.name);
    expect(first).toMatch(/^made-up-[a-z0-9]{5}$/);
    expect(second).toMatch(/^made-up-[a-z0-9]{5}$/);
    expect(first).not.toBe(second);
  });

  test("a dry run answers and keeps nothing", async () => {
    const body = { metadata: { name: "dry" }, data: { k: "v" } };
    const { metadata, data } = await create(body, { dryRun: "All" });
    expect(metadata?.uid).toBeDefined();
    expect(metadata?.resourceVersion).toBeUndefined();
    expect(data).toEqual({ k: "v" });
    expect(await refusalOf(read("dry"))).toMatchObject({ code: 404 });
    const unknown = create(body, { dryRun: "Some" });
    expect(await refusalOf(unknown)).toMatchObject({ code: 422, fields: ["dryRun"] });
  });

  test("a namespace has its name as a label, and is made once", async () => {
    const body = { metadata: { name: `${namespace}-2` } };
    const created = await core().createNamespace({ body });
    expect(created).toMatchObject({
      metadata: { labels: { "kubernetes.io/metadata.name": `${namespace}-2` } },
      status: { phase: "Active" },
    });
    expect(await refusalOf(core().createNamespace({ body }))).toMatchObject({
      ...{ code: 409, reason: "AlreadyExists", kind: "namespaces" },
    });
    const { items } = await core().listNamespace();
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(
      expect.arrayContaining(["default", "kube-system", namespace, `${namespace}-2`]),
    );
    const dotted = core().createNamespace({ body: { metadata: { name: "a.b" } } });
    expect(await refusalOf(dotted)).toMatchObject({ code: 422, fields: ["metadata.name"] });
  });
}
