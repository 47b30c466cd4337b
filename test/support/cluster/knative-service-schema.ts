/**
 * The fields of a Knative Service these manifests may use, with Knative's own rules for them. The
 * published schema lets unknown annotations and impossible combinations through; this one lets
 * nothing through that nobody has looked up:
 * https://github.com/knative/serving/blob/main/pkg/apis/serving/fieldmask.go
 */
import { z } from "zod";

const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const labels = z.record(z.string(), z.string());
const cpu = z.string().regex(/^\d+m?$/);
const memory = z.string().regex(/^\d+Mi$/);

const autoscaling = z.strictObject({
  /** Of every one: what waits for something when it starts, and longer than this, is dead forever. */
  "serving.knative.dev/progress-deadline": z.stringFormat("hours", /^[1-9]\d*h$/),
  "autoscaling.knative.dev/metric": z.enum(["concurrency", "rps"]).optional(),
  "autoscaling.knative.dev/target": z.stringFormat("count", /^[1-9]\d*$/).optional(),
  "autoscaling.knative.dev/target-utilization-percentage": z
    .stringFormat("percentage", /^([1-9]\d?|100)$/)
    .optional(),
  "autoscaling.knative.dev/target-burst-capacity": z
    .stringFormat("count or -1", /^(-1|\d+)$/)
    .optional(),
  "autoscaling.knative.dev/min-scale": z.stringFormat("count", /^\d+$/),
  "autoscaling.knative.dev/max-scale": z.stringFormat("count", /^[1-9]\d*$/),
});

const secretKeyRef = z.strictObject({ name, key: z.string(), optional: z.boolean().optional() });
const env = z
  .strictObject({
    name: z.string().regex(/^[A-Z][A-Z0-9_]*$/),
    value: z.string().optional(),
    // No fieldRef: Knative refuses it unless a feature is on.
    valueFrom: z.strictObject({ secretKeyRef }).optional(),
  })
  .refine((one) => (one.value === undefined) !== (one.valueFrom === undefined));

/** Of a Secret only: a setting is a variable. */
const volume = z.strictObject({
  name,
  secret: z.strictObject({
    secretName: name,
    items: z.array(z.strictObject({ key: z.string(), path: z.string() })),
  }),
});
const volumeMount = z.strictObject({
  name,
  mountPath: z.string().startsWith("/"),
  readOnly: z.literal(true),
});

const container = z.strictObject({
  name,
  image: z.string(),
  ports: z.tuple([
    z.strictObject({ name: z.enum(["http1", "h2c"]), containerPort: z.int().min(1).max(65_535) }),
  ]),
  env: z.array(env).optional(),
  envFrom: z.array(z.strictObject({ configMapRef: z.strictObject({ name: z.string() }) })),
  volumeMounts: z.array(volumeMount).optional(),
  // No port: it is the container's. No period: Knative asks often until the first success.
  readinessProbe: z.strictObject({ httpGet: z.strictObject({ path: z.string() }) }),
  livenessProbe: z.strictObject({
    httpGet: z.strictObject({ path: z.string() }),
    periodSeconds: z.int().min(1),
    timeoutSeconds: z.int().min(1),
    failureThreshold: z.int().min(1),
  }),
  resources: z.strictObject({
    requests: z.strictObject({ cpu, memory }),
    limits: z.strictObject({ cpu, memory }),
  }),
  securityContext: z.strictObject({
    runAsNonRoot: z.boolean(),
    runAsUser: z.int(),
    runAsGroup: z.int(),
    allowPrivilegeEscalation: z.boolean(),
    readOnlyRootFilesystem: z.boolean(),
    capabilities: z.strictObject({ drop: z.array(z.string()) }),
    seccompProfile: z.strictObject({ type: z.string() }),
  }),
});

export const knativeService = z.strictObject({
  apiVersion: z.literal("serving.knative.dev/v1"),
  kind: z.literal("Service"),
  metadata: z.strictObject({ name, namespace: name, labels }),
  spec: z.strictObject({
    template: z.strictObject({
      metadata: z.strictObject({ labels, annotations: autoscaling }),
      spec: z
        .strictObject({
          serviceAccountName: name,
          enableServiceLinks: z.literal(false),
          containerConcurrency: z.int().min(1).max(1000),
          timeoutSeconds: z.int().min(1).max(600),
          responseStartTimeoutSeconds: z.int().min(1),
          containers: z.tuple([container]),
          volumes: z.array(volume).optional(),
        })
        .refine((spec) => spec.responseStartTimeoutSeconds <= spec.timeoutSeconds, {
          error: "responseStartTimeoutSeconds is at most timeoutSeconds",
        }),
    }),
  }),
});
export type KnativeService = z.infer<typeof knativeService>;
