import type { V1ConfigMap } from "@kubernetes/client-node";
import { raw, refusalOf, type ConfigMapBench } from "./configmap-bench.ts";

const MIB = 1024 * 1024;
const JSON_TYPE = { "content-type": "application/json" };

export function configMapValidityContract({ server, core, newNamespace }: ConfigMapBench): void {
  let namespace: string;
  beforeAll(async () => {
    namespace = await newNamespace();
  });
  const create = (body: V1ConfigMap) => core().createNamespacedConfigMap({ namespace, body });

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
}
