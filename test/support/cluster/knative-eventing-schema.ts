/**
 * Knative Eventing objects as these manifests may have them, field by field. The published schemas
 * leave parts open (a misspelt `backoffPolicy` passes); these let nothing through that nobody has
 * looked up, and they want what Knative would leave out in silence, such as a whole delivery spec.
 */
import { z } from "zod";

const name = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);
const labels = z.record(z.string(), z.string());
const duration = z.string().regex(/^PT(?=\d)(\d+H)?(\d+M)?(\d+S)?$/);
const audience = z.string().optional();

const metadata = z.strictObject({ name, namespace: name, labels: labels.optional() });

const knativeServiceRef = z.strictObject({
  apiVersion: z.literal("serving.knative.dev/v1"),
  kind: z.literal("Service"),
  name,
  namespace: name,
});
const brokerRef = z.strictObject({
  apiVersion: z.literal("eventing.knative.dev/v1"),
  kind: z.literal("Broker"),
  name,
  namespace: name,
});
const jobSinkRef = z.strictObject({
  apiVersion: z.literal("sinks.knative.dev/v1alpha1"),
  kind: z.literal("JobSink"),
  name,
  namespace: name,
});

/** Knative merges nothing: what states one of these fields states them all. */
const delivery = z.strictObject({
  retry: z.int().min(1),
  backoffPolicy: z.enum(["linear", "exponential"]),
  backoffDelay: duration,
  timeout: duration,
  // By address: by reference the Broker and intake would each wait for the other.
  deadLetterSink: z.strictObject({
    uri: z.string().regex(/^http:\/\/request-intake\.[a-z0-9-]+\.svc\/dead-letter$/),
    audience,
  }),
});

const broker = z.strictObject({
  apiVersion: z.literal("eventing.knative.dev/v1"),
  kind: z.literal("Broker"),
  metadata: metadata.extend({
    annotations: z.strictObject({
      "messaging.knative.dev/async-handler": z.literal("true"),
      "eventing.knative.dev/broker.class": z.enum(["Kafka", "RabbitMQBroker"]).optional(),
    }),
  }),
  spec: z.strictObject({
    config: z.strictObject({ apiVersion: z.string(), kind: z.string(), name }).optional(),
    delivery,
  }),
});

const trigger = z.strictObject({
  apiVersion: z.literal("eventing.knative.dev/v1"),
  kind: z.literal("Trigger"),
  metadata: metadata.extend({
    annotations: z
      .strictObject({
        "kafka.eventing.knative.dev/delivery.order": z.enum(["ordered", "unordered"]).optional(),
        "rabbitmq.eventing.knative.dev/parallelism": z
          .stringFormat("1 to 1000", /^[1-9]\d{0,2}$/)
          .optional(),
      })
      .optional(),
  }),
  spec: z.strictObject({
    broker: name,
    filter: z.strictObject({ attributes: z.strictObject({ type: z.string() }) }),
    subscriber: z.strictObject({
      ref: z.discriminatedUnion("kind", [knativeServiceRef, jobSinkRef]),
      /** Behind the address of `ref`. */
      uri: z.literal("/broker").optional(),
      audience,
    }),
    delivery,
  }),
});

const pingSource = z.strictObject({
  apiVersion: z.literal("sources.knative.dev/v1"),
  kind: z.literal("PingSource"),
  metadata,
  spec: z.strictObject({
    schedule: z.string().regex(/^(\S+ ){4}\S+$/),
    sink: z.strictObject({ ref: knativeServiceRef, audience }),
  }),
});

const sinkBinding = z.strictObject({
  apiVersion: z.literal("sources.knative.dev/v1"),
  kind: z.literal("SinkBinding"),
  metadata,
  spec: z.strictObject({
    subject: z.discriminatedUnion("kind", [
      knativeServiceRef,
      z.strictObject({
        apiVersion: z.literal("batch/v1"),
        kind: z.literal("Job"),
        namespace: name,
        selector: z.strictObject({ matchLabels: labels }),
      }),
    ]),
    sink: z.strictObject({ ref: brokerRef }),
  }),
});

const eventType = z.strictObject({
  apiVersion: z.literal("eventing.knative.dev/v1beta3"),
  kind: z.literal("EventType"),
  metadata: metadata.extend({
    annotations: z.strictObject({ "kubernetes.io/description": z.string() }),
  }),
  spec: z.strictObject({
    reference: z.discriminatedUnion("kind", [knativeServiceRef, brokerRef]),
    attributes: z.array(
      z.strictObject({ name: z.string(), required: z.boolean(), value: z.string().optional() }),
    ),
  }),
});

const localRef = z.strictObject({ apiVersion: z.string(), kind: z.string(), name });

/** https://github.com/knative/eventing/blob/main/pkg/apis/eventing/v1alpha1/eventpolicy_types.go */
const eventPolicy = z.strictObject({
  apiVersion: z.literal("eventing.knative.dev/v1alpha1"),
  kind: z.literal("EventPolicy"),
  metadata,
  spec: z.strictObject({
    to: z.array(z.strictObject({ ref: localRef })).min(1),
    from: z.array(z.strictObject({ ref: localRef })).min(1),
    filters: z.array(z.strictObject({ exact: z.strictObject({ source: z.string() }) })).optional(),
  }),
});

/** What is inside is a Kubernetes Job, which a real API server checks. */
const jobSink = z.strictObject({
  apiVersion: z.literal("sinks.knative.dev/v1alpha1"),
  kind: z.literal("JobSink"),
  metadata,
  spec: z.strictObject({
    job: z.strictObject({
      metadata: z.strictObject({ labels }),
      spec: z.looseObject({}),
    }),
  }),
});

const rabbitmqBrokerConfig = z.strictObject({
  apiVersion: z.literal("eventing.knative.dev/v1alpha1"),
  kind: z.literal("RabbitmqBrokerConfig"),
  metadata,
  spec: z.strictObject({
    rabbitmqClusterReference: z.strictObject({ connectionSecret: z.strictObject({ name }) }),
    queueType: z.enum(["quorum", "classic"]),
  }),
});

/** https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PodMonitor */
const podMonitor = z.strictObject({
  apiVersion: z.literal("monitoring.coreos.com/v1"),
  kind: z.literal("PodMonitor"),
  metadata,
  spec: z.strictObject({
    selector: z.strictObject({ matchLabels: labels }),
    podTargetLabels: z.array(z.string()),
    podMetricsEndpoints: z.array(
      z.strictObject({
        port: z.string(),
        path: z.string(),
        interval: z.string().regex(/^\d+s$/),
        relabelings: z.array(
          z.strictObject({
            action: z.literal("replace"),
            sourceLabels: z.array(z.string()),
            regex: z.string(),
            replacement: z.string(),
            targetLabel: z.string(),
          }),
        ),
      }),
    ),
  }),
});

/** https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PrometheusRule */
const prometheusRule = z.strictObject({
  apiVersion: z.literal("monitoring.coreos.com/v1"),
  kind: z.literal("PrometheusRule"),
  metadata,
  spec: z.strictObject({
    groups: z.array(
      z.strictObject({
        name: z.string(),
        interval: z.string().optional(),
        rules: z.array(
          z.union([
            z.strictObject({ record: z.string(), expr: z.string() }),
            z.strictObject({
              alert: z.string(),
              expr: z.string(),
              for: z.string().optional(),
              labels: z.strictObject({ severity: z.enum(["warning", "critical"]) }),
              annotations: z.strictObject({
                summary: z.string(),
                runbook: z.string(),
                runbook_url: z.url(),
              }),
            }),
          ]),
        ),
      }),
    ),
  }),
});

export const eventingManifest = z.discriminatedUnion("kind", [
  broker,
  trigger,
  pingSource,
  sinkBinding,
  eventType,
  eventPolicy,
  jobSink,
  rabbitmqBrokerConfig,
  podMonitor,
  prometheusRule,
]);
export type EventingManifest = z.infer<typeof eventingManifest>;
export type EventingKind = EventingManifest["kind"];
