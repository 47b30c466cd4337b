import { z } from "zod";
import { EVENT_NAMES, eventType } from "../../functions/domain/events/event-types.ts";
import {
  eventingObject,
  type Broker,
  type EventingObject,
  type Trigger,
} from "../../infra/local/cluster/router/manifest-schema.ts";
import { render } from "../support/cluster/kustomize.ts";

const MINUTES = 60_000;

const rendered = await render("eventing");

function ofKind<K extends EventingObject["kind"]>(kind: K) {
  return rendered
    .filter((manifest) => manifest.kind === kind)
    .map((manifest) => eventingObject.parse(manifest) as Extract<EventingObject, { kind: K }>);
}

test.each(rendered.map((manifest) => [manifest.kind, manifest.metadata.name, manifest]))(
  "%s %s has no field that Knative does not know",
  (_kind, _name, manifest) => {
    expect(eventingObject.safeParse(manifest).error).toBeUndefined();
  },
);

test.each([
  ["as it is", {}, true],
  ["with a misspelt field", { backOffPolicy: "exponential" }, false],
  ["with a word Knative does not know", { backoffPolicy: "Exponential" }, false],
  ["with a duration that is not ISO 8601", { timeout: "30s" }, false],
])("the Broker's delivery %s: %j passes: %p", (_, edit, passes) => {
  const broker = rendered.find((manifest) => manifest.kind === "Broker");
  const { delivery } = broker?.["spec"] as { delivery: object };
  const edited = { ...broker, spec: { delivery: { ...delivery, ...edit } } };
  expect(eventingObject.safeParse(edited).success).toBe(passes);
});

describe("delivery", () => {
  const specs = [...ofKind("Broker"), ...ofKind("Trigger")].map(
    (one: Broker | Trigger) => [one.kind, one.metadata.name, one.spec?.delivery] as const,
  );

  test.each(specs)("of %s %s is stated whole: Knative merges nothing", (_kind, _name, delivery) => {
    expect(delivery).toEqual({
      retry: expect.any(Number) as number,
      backoffPolicy: "exponential",
      backoffDelay: expect.any(Number) as number,
      timeout: expect.any(Number) as number,
      // By address: by reference the Broker and intake would each wait for the other.
      deadLetterSink: { uri: "http://request-intake.statements.svc/dead-letter" },
    });
    expect(delivery?.retry).toBeGreaterThan(0);
    expect(delivery?.backoffDelay).toBeGreaterThan(0);
  });

  test("a Trigger of the builder waits longer than the builder may take", () => {
    const triggers = ofKind("Trigger");
    expect(triggers).toHaveLength(2);
    for (const { spec } of triggers) expect(spec.delivery?.timeout).toBe(11 * MINUTES);
  });

  test("the Broker answers a poster before the Triggers have", () => {
    expect(ofKind("Broker").map((broker) => broker.metadata)).toEqual([
      {
        name: "statements",
        namespace: "statements",
        annotations: { "messaging.knative.dev/async-handler": "true" },
      },
    ]);
  });
});

describe("routes", () => {
  test("the builder is woken by recorded and due, and by nothing else", () => {
    const routes = ofKind("Trigger").map(({ spec }) => [
      spec.broker,
      spec.filter?.attributes,
      "ref" in spec.subscriber ? spec.subscriber.ref.name : undefined,
    ]);
    expect(routes).toEqual([
      ["statements", { type: "io.transactions-collector.statement.due.v1" }, "statement-builder"],
      [
        "statements",
        { type: "io.transactions-collector.statement.recorded.v1" },
        "statement-builder",
      ],
    ]);
  });

  test("filters name types that exist", () => {
    const known = EVENT_NAMES.map<string>(eventType);
    for (const { spec } of ofKind("Trigger")) {
      expect(known).toContain(spec.filter?.attributes["type"]);
    }
  });

  test("the tick goes to the scanner every minute", () => {
    const [tick, ...others] = ofKind("PingSource");
    expect(others).toEqual([]);
    expect(tick?.spec).toEqual({
      schedule: "* * * * *",
      sink: {
        ref: {
          apiVersion: "serving.knative.dev/v1",
          kind: "Service",
          name: "pending-scanner",
          namespace: "statements",
        },
      },
    });
  });

  test("each function gets the Broker's address", () => {
    const bindings = ofKind("SinkBinding").map(({ spec }) => [
      spec.subject.name,
      "ref" in spec.sink ? `${spec.sink.ref.kind} ${spec.sink.ref.name}` : undefined,
    ]);
    expect(bindings).toEqual([
      ["pending-scanner", "Broker statements"],
      ["request-intake", "Broker statements"],
      ["statement-builder", "Broker statements"],
    ]);
  });
});

describe("event types", () => {
  /** The one form that survives being stored as v1beta2: its specification cannot be changed. */
  const attributes = z.tuple([
    z.strictObject({ name: z.literal("specversion"), required: z.literal(true) }),
    z.strictObject({ name: z.literal("id"), required: z.literal(true) }),
    z.strictObject({ name: z.literal("type"), required: z.literal(true), value: z.string() }),
    z.strictObject({
      name: z.literal("source"),
      required: z.literal(true),
      value: z.string().optional(),
    }),
    z.strictObject({
      name: z.literal("schemadata"),
      required: z.literal(false),
      value: z.string(),
    }),
  ]);
  const reference = z.strictObject({
    apiVersion: z.string(),
    kind: z.string(),
    name: z.string(),
    namespace: z.string(),
  });
  const spec = z.strictObject({ reference, attributes });
  const listed = ofKind("EventType").map((one) => ({
    name: one.metadata.name,
    spec: spec.parse(one.spec),
  }));

  test("list what travels, from whom, by which schema", () => {
    const row = (one: (typeof listed)[number]) => [
      one.name,
      one.spec.attributes[2].value,
      one.spec.attributes[3].value,
      one.spec.attributes[4].value,
      one.spec.reference.name,
    ];
    const expected = (name: string, source: string | undefined, to: string) => [
      `io.transactions-collector.statement.${name}.v1`,
      `io.transactions-collector.statement.${name}.v1`,
      source,
      `https://transactions-collector.io/schemas/statement.${name}.v1.json`,
      to,
    ];
    expect(listed.map(row)).toEqual([
      expected("cancelled", "/transactions-collector/statement-builder", "statements"),
      expected("due", "/transactions-collector/pending-scanner", "statements"),
      expected("executed", "/transactions-collector/statement-builder", "statements"),
      expected("failed", "/transactions-collector/statement-builder", "statements"),
      expected("recorded", "/transactions-collector/request-intake", "statements"),
      expected("requested", undefined, "request-intake"),
    ]);
  });
});
