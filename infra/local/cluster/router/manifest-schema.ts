/**
 * The Knative Eventing objects the local router understands, field by field. A field that is not
 * here is refused: what the router would ignore, a cluster would not.
 */
import { Cron } from "croner";
import { Temporal } from "temporal-polyfill";
import { z } from "zod";

/** ISO 8601, such as `PT1S`; milliseconds. */
const duration = z.string().transform((text, context) => {
  try {
    return Temporal.Duration.from(text).total("milliseconds");
  } catch {
    context.addIssue({ code: "custom", message: `not an ISO 8601 duration: ${text}` });
    return z.NEVER;
  }
});

/** With five fields, or with six, of which the first one is seconds. */
export function isCron(text: string): boolean {
  try {
    new Cron(text, { paused: true }).stop();
    return true;
  } catch {
    return false;
  }
}

/** Five fields, as Kubernetes writes them. */
const schedule = z
  .string()
  .refine(
    (text) => isCron(text) && text.trim().split(/\s+/).length === 5,
    "not a cron schedule of five fields",
  );

const metadata = z.strictObject({
  name: z.string(),
  namespace: z.string(),
  // Labels and annotations change nothing that the router does: it always answers a poster at once.
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

const service = z.strictObject({
  apiVersion: z.literal("serving.knative.dev/v1"),
  kind: z.literal("Service"),
  name: z.string(),
  namespace: z.string().optional(),
});
const broker = z.strictObject({
  apiVersion: z.literal("eventing.knative.dev/v1"),
  kind: z.literal("Broker"),
  name: z.string(),
  namespace: z.string().optional(),
});

const destination = z.union([
  z.strictObject({
    ref: z.discriminatedUnion("kind", [service, broker]),
    /** Resolved against the address of `ref`. */
    uri: z.string().optional(),
  }),
  z.strictObject({ uri: z.url() }),
]);
export type Destination = z.infer<typeof destination>;

const delivery = z.strictObject({
  retry: z.int().min(0).optional(),
  backoffPolicy: z.enum(["linear", "exponential"]).optional(),
  backoffDelay: duration.optional(),
  timeout: duration.optional(),
  deadLetterSink: destination.optional(),
});
export type Delivery = z.infer<typeof delivery>;

const ceOverrides = z.strictObject({ extensions: z.record(z.string(), z.string()) });

const brokerObject = z.strictObject({
  apiVersion: z.literal("eventing.knative.dev/v1"),
  kind: z.literal("Broker"),
  metadata,
  spec: z.strictObject({ delivery: delivery.optional() }).optional(),
});
const triggerObject = z.strictObject({
  apiVersion: z.literal("eventing.knative.dev/v1"),
  kind: z.literal("Trigger"),
  metadata,
  spec: z.strictObject({
    broker: z.string(),
    /** Exact values; an empty one stands for any. */
    filter: z.strictObject({ attributes: z.record(z.string(), z.string()) }).optional(),
    subscriber: destination,
    delivery: delivery.optional(),
  }),
});
const pingSourceObject = z.strictObject({
  apiVersion: z.literal("sources.knative.dev/v1"),
  kind: z.literal("PingSource"),
  metadata,
  spec: z.strictObject({
    schedule,
    timezone: z.string().optional(),
    contentType: z.string().optional(),
    data: z.string().optional(),
    ceOverrides: ceOverrides.optional(),
    sink: destination,
  }),
});
const sinkBindingObject = z.strictObject({
  apiVersion: z.literal("sources.knative.dev/v1"),
  kind: z.literal("SinkBinding"),
  metadata,
  spec: z.strictObject({
    subject: service,
    sink: destination,
    ceOverrides: ceOverrides.optional(),
  }),
});
/** A catalogue entry for people: nothing is routed by it. */
const eventTypeObject = z.strictObject({
  apiVersion: z.literal("eventing.knative.dev/v1beta3"),
  kind: z.literal("EventType"),
  metadata,
  spec: z.unknown(),
});

export const eventingObject = z.discriminatedUnion("kind", [
  brokerObject,
  triggerObject,
  pingSourceObject,
  sinkBindingObject,
  eventTypeObject,
]);
export type EventingObject = z.infer<typeof eventingObject>;
export type Broker = z.infer<typeof brokerObject>;
export type Trigger = z.infer<typeof triggerObject>;
export type PingSource = z.infer<typeof pingSourceObject>;
export type SinkBinding = z.infer<typeof sinkBindingObject>;

/** Patches, generators and the like would change what a cluster gets: refused. */
export const kustomization = z.strictObject({
  apiVersion: z.literal("kustomize.config.k8s.io/v1beta1"),
  kind: z.literal("Kustomization"),
  resources: z.array(z.string().endsWith(".yaml")),
});
