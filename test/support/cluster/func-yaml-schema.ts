/**
 * The fields of a `func.yaml` these functions use, by the schema of Knative's `func` (its strict form:
 * an unknown field is an error) and the checks it makes beyond it.
 * https://github.com/knative/func/blob/main/schema/func_yaml-schema.json
 */
import { z } from "zod";

const quantity = z.string().regex(/^\d+(m|Mi)?$/);
const path = z.string().startsWith("/");

/** A value, a variable of whoever deploys, a key of a Secret, or without a name every key of a Secret. */
const env = z.union([
  z.strictObject({
    name: z.string().regex(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/),
    value: z
      .string()
      .regex(/^(?!\{\{)|^\{\{ env:\w+ \}\}$|^\{\{ secret:(\w|-\w)+:[-._a-zA-Z0-9]+ \}\}$/),
  }),
  z.strictObject({ value: z.string().regex(/^\{\{ secret:(\w|-\w)+ \}\}$/) }),
]);

export const funcYaml = z.strictObject({
  // The newest migration of func; an older file is rewritten in place.
  specVersion: z.literal("0.36.0"),
  name: z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/),
  runtime: z.literal("node"),
  created: z.iso.datetime(),
  invoke: z.enum(["http", "cloudevent"]),
  namespace: z.string(),
  image: z.string(),
  run: z.strictObject({ envs: z.array(env) }),
  deploy: z.strictObject({
    namespace: z.string(),
    image: z.string(),
    serviceAccountName: z.string(),
    healthEndpoints: z.strictObject({ liveness: path, readiness: path }),
    annotations: z.record(z.string(), z.string()).optional(),
    labels: z.array(z.strictObject({ key: z.string(), value: z.string() })),
    options: z.strictObject({
      scale: z.strictObject({
        min: z.int().min(0),
        max: z.int().min(1),
        metric: z.enum(["concurrency", "rps"]).optional(),
        target: z.number().positive().optional(),
        utilization: z.number().min(1).max(100).optional(),
      }),
      resources: z.strictObject({
        requests: z.strictObject({ cpu: quantity, memory: quantity }),
        limits: z.strictObject({ cpu: quantity, memory: quantity, concurrency: z.int().min(0) }),
      }),
    }),
  }),
});
