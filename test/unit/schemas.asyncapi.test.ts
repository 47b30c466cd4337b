import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { Ajv, type ErrorObject } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { parse } from "yaml";

interface Message {
  readonly headers: object;
  readonly payload: { readonly $ref: string };
  readonly examples: readonly [
    { readonly headers: Readonly<Record<string, string>>; readonly payload: object },
  ];
}

interface Document {
  asyncapi: string;
  channels: Record<string, Record<string, unknown>>;
  readonly components: {
    readonly messages: Readonly<Record<string, Message>>;
    readonly schemas: Readonly<Record<string, object>>;
  };
}

const NAMES = ["cancelled", "due", "executed", "failed", "oversized", "recorded", "requested"];

const EVENTING = new URL("../../eventing/", import.meta.url);
const read = async (): Promise<Document> =>
  parse(await readFile(new URL("asyncapi.yaml", EVENTING), "utf8")) as Document;
const document = await read();

/** What the official schema of AsyncAPI says of it. */
function problemsOf(candidate: unknown): readonly ErrorObject[] {
  validate(candidate);
  return validate.errors ?? [];
}
// The other form brings its own copy of JSON Schema, which ajv has already.
const file = "@asyncapi/specs/schemas/3.0.0-without-$id.json";
const official = createRequire(import.meta.url)(file) as object;
const ajv = new Ajv({ strict: false });
addFormats.default(ajv);
const validate = ajv.compile(official);

test("is a valid AsyncAPI 3 document", () => {
  expect(problemsOf(document)).toEqual([]);
});

test.each<[string, (document: Document) => void]>([
  ["another version", (broken) => (broken.asyncapi = "2.6.0")],
  ["a field that nobody knows", (broken) => (broken.channels["requests"] = { adress: "/" })],
])("the official schema refuses %s", async (_, breakIt) => {
  const broken = await read();
  breakIt(broken);
  expect(problemsOf(broken)).not.toEqual([]);
});

test("every reference leads somewhere", () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)];
  expect(references.length).toBeGreaterThan(20);
  for (const [, pointer = ""] of references) {
    const steps = pointer.split("/").slice(1);
    const target = steps.reduce<unknown>(
      (at, step) => (at as Record<string, unknown> | undefined)?.[step],
      document,
    );
    expect([pointer, typeof target]).toEqual([pointer, "object"]);
  }
});

test("documents every event type of the contract, as the table in the README does", async () => {
  expect(Object.keys(document.components.messages).toSorted()).toEqual(NAMES);
  const readme = await readFile(new URL("README.md", EVENTING), "utf8");
  const rows = [...readme.matchAll(/^\| `(\w+)` /gm)].map(([, name = ""]) => name);
  expect(rows.toSorted()).toEqual(NAMES);
});

describe.each(NAMES)("%s", (name) => {
  const { headers, payload, examples } = document.components.messages[name] as Message;
  const [example] = examples;

  test("its example is of its type and carries its schema's address", () => {
    expect(example.headers["ce-type"]).toBe(`io.transactions-collector.statement.${name}.v1`);
    // What is asked is another's event, whose sender need not know the schema.
    if (name !== "requested")
      expect(example.headers["ce-dataschema"]).toBe(
        `https://transactions-collector.io/schemas/statement.${name}.v1.json`,
      );
  });

  test("its example has the headers and the data it says", () => {
    expect(problemsBy(headers, example.headers)).toEqual([]);
    const schema = document.components.schemas[payload.$ref.split("/").at(-1) ?? ""] ?? {};
    expect(problemsBy(schema, example.payload)).toEqual([]);
    expect(problemsBy(schema, { ...example.payload, customer_id: 7 })).not.toEqual([]);
    expect(problemsBy(headers, { ...example.headers, "ce-type": "other" })).not.toEqual([]);
  });

  test("its example's data is what the file in schemas/ says", async () => {
    const file = new URL(`schemas/statement.${name}.v1.json`, EVENTING);
    const consumer = new Ajv2020({ strict: true });
    addFormats.default(consumer);
    const accepts = consumer.compile(JSON.parse(await readFile(file, "utf8")) as object);
    accepts(example.payload);
    expect(accepts.errors ?? []).toEqual([]);
  });
});

function problemsBy(schema: object, value: unknown): readonly ErrorObject[] {
  const accepts = ajv.compile(schema);
  accepts(value);
  return accepts.errors ?? [];
}
