import type { V1ConfigMap } from "@kubernetes/client-node";
import { plain, refusalOf, type ConfigMapBench } from "./configmap-bench.ts";

export function configMapCreateContract({ core, newNamespace }: ConfigMapBench): void {
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
      code: 409,
      reason: "AlreadyExists",
      name: "twice",
      kind: "configmaps",
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
      code: 409,
      reason: "AlreadyExists",
      kind: "namespaces",
    });
    const { items } = await core().listNamespace();
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(
      expect.arrayContaining(["default", "kube-system", namespace, `${namespace}-2`]),
    );
    const dotted = core().createNamespace({ body: { metadata: { name: "a.b" } } });
    expect(await refusalOf(dotted)).toMatchObject({ code: 422, fields: ["metadata.name"] });
  });
}
