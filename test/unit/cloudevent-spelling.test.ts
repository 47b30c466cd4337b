/**
 * How SDKs spell an event in headers, and what of JSON is refused because nobody can know what it means.
 * Header values are given as Node gives them, a character for each byte.
 */
import { HTTP, CloudEvent } from "cloudevents";
import { parseMessage, parseItem } from "../../functions/platform/cloudevents/cloudevent-parse.ts";

const CE = {
  "ce-specversion": "1.0",
  "ce-id": "e-1",
  "ce-source": "/bank",
  "ce-type": "t",
} as const;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const asNodeReads = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

function parse(headers: Readonly<Record<string, string>>, body = "{}") {
  const message = parseMessage(
    { ...CE, "content-type": "application/json", ...headers },
    bytes(body),
  );
  if (message.kind !== "single") throw new Error(message.kind);
  return message.event;
}

function read(headers: Readonly<Record<string, string>>) {
  const event = parse(headers);
  if (event.kind !== "event") throw new Error(JSON.stringify(event.problems));
  return event;
}

describe("an id", () => {
  it.each([
    ["a space, as it is and escaped", ["a b", "a%20b"], "a b"],
    ["a quote", ["%22a%22", String.raw`"\"a\""`], '"a"'],
    ["a percent sign", ["50%", "50%25"], "50%"],
    [
      "letters beyond ASCII, as bytes and escaped",
      [asNodeReads("Zürich 😀"), "Z%C3%BCrich%20%F0%9F%98%80"],
      "Zürich 😀",
    ],
    ["an escape that nobody asked for", ["a%2Fb"], "a%2Fb"],
    ["an escaped escape", ["a%252Fb"], "a%2Fb"],
    ["a quoted string", ['"a b"', "a b"], "a b"],
    ["a byte order mark", ["%EF%BB%BFa"], "\ufeffa"],
  ])("with %s", (_, spellings, id) => {
    for (const spelling of spellings) expect(read({ "ce-id": spelling }).id).toBe(id);
  });

  it.each([
    ["bytes", "b\u00ffro"],
    ["escapes", "b%FFro"],
    ["half a letter", "a%C3"],
  ])("whose %s are no UTF-8 is refused", (_, id) => {
    expect(parse({ "ce-id": id })).toMatchObject({
      kind: "malformed",
      problems: [{ field: "id", code: "not_utf8" }],
    });
  });

  it("with an escaped control character is refused", () => {
    expect(parse({ "ce-id": "a%0Ab" })).toMatchObject({
      problems: [{ field: "id", code: "invalid_format" }],
    });
  });
});

describe("a source", () => {
  it.each([
    ["as the Go, JS and Java SDKs send it", "/online%20banking", "/online%20banking"],
    ["as the Python SDK sends it", "/online%2520banking", "/online%20banking"],
    ["with a letter that a URI escapes", "/b%C3%BCro", "/b%C3%BCro"],
    ["with an escaped slash", "/a%2Fb", "/a%2Fb"],
  ])("%s", (_, spelling, source) => {
    expect(read({ "ce-source": spelling }).source).toBe(source);
  });

  it("is refused where its bytes are no UTF-8", () => {
    const problems = [{ field: "source", code: "not_utf8" }];
    expect(parse({ "ce-source": "/b%FFro" })).toMatchObject({ kind: "malformed", problems });
  });

  it("says how version 0.1.0 read it, where that is something else", () => {
    expect(read({ "ce-source": "/a%2Fb" }).former).toEqual({ source: "/a/b", id: "e-1" });
    expect(read({}).former).toBeUndefined();
  });

  it("is what the JavaScript SDK was given, in either mode", () => {
    const event = new CloudEvent({ id: "a b", source: "/online%20banking", type: "t", data: {} });
    for (const { headers, body } of [HTTP.binary(event), HTTP.structured(event)]) {
      const sent = Object.entries(headers).map(([name, value]) => [
        name.toLowerCase(),
        String(value),
      ]);
      const message = parseMessage(
        Object.fromEntries(sent) as Record<string, string>,
        bytes(String(body)),
      );
      expect(message).toMatchObject({
        event: { kind: "event", id: "a b", source: "/online%20banking" },
      });
    }
  });
});

describe("a body whose content type its sender did not name", () => {
  const FORM = { "content-type": "application/x-www-form-urlencoded" };

  it.each([
    ["form", FORM],
    ["none", { "content-type": "" }],
  ])("is understood when it is a JSON object, with the type of a %s", (_, header) => {
    const event = parse(header, '{"a":1}');
    expect(event).toMatchObject({ kind: "event", data: { a: 1 }, datacontenttype: undefined });
  });

  it.each(["a=1", "[1]", "7"])("is told to name it when it is %s", (body) => {
    expect(parse(FORM, body)).toMatchObject({
      problems: [{ field: "content-type", code: "required" }],
    });
  });
});

describe("a key that an object has twice", () => {
  const structured = { "content-type": "application/cloudevents+json" };

  it.each([
    ["in the data", {}, '{"customer_id":"a","customer_id":"b"}', "customer_id"],
    ["with an escape", {}, String.raw`{"language":"a","langu\u0061ge":"a"}`, "language"],
    ["deep", {}, '{"csv":{"bom":true,"x":[{"bom":1}],"bom":false}}', "bom"],
    ["among the attributes", structured, '{"id":"a","id":"a"}', "id"],
    ["that is no name to repeat", {}, '{"DE12345678":1,"DE12345678":1}', "data"],
  ])("%s", (_, header, body, field) => {
    const event = parse(header, body);
    expect(event).toMatchObject({ kind: "malformed", problems: [{ field, code: "doubled_key" }] });
  });

  it.each([
    ["as a value", '{"a":"a","b":"a"}'],
    ["in two objects", '{"a":[{"b":1},{"b":1}],"b":{"a":1}}'],
    ["within a text", String.raw`{"a":"\"a\":","b":"{\"a\":1,\"a\":1}"}`],
    ["with a backslash at its end", String.raw`{"a":"\\","b":"\\\""}`],
  ])("is none %s", (_, body) => {
    expect(parse({}, body)).toMatchObject({ kind: "event", data: JSON.parse(body) as unknown });
  });

  it("of a batch concerns its own item", () => {
    const items = ['{"a":{"b":[1,2]}}', '{"id":"1","id":"2"}', "[1,2]", '{"x":1,"x":1}'];
    const body = bytes(`[${items.join(",")}]`);
    const message = parseMessage({ "content-type": "application/cloudevents-batch+json" }, body);
    if (message.kind !== "batch") throw new Error(message.kind);
    const fields = message.items.map((item) => {
      const event = parseItem(item, body);
      if (event.kind === "event") return "";
      return event.problems
        .filter(({ code }) => code === "doubled_key")
        .map(({ field }) => field)
        .join();
    });
    expect(fields).toEqual(["", "id", "", "x"]);
  });
});
