/**
 * Writes `functions/<name>/func.yaml` from the manifests of `base/`: run as
 * `node infra/kubernetes/images/func-yaml.ts`. `func` replaces all of this of a Service it finds, so the file
 * must say what the base says; a test holds it to the rendered base.
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { parse, stringify } from "yaml";
import { FUNCTION_NAMES, type FunctionName } from "../../../functions/domain/function-names.ts";

const REPOSITORY = new URL("../../../", import.meta.url);
const SCALING = "autoscaling.knative.dev/";

/** What is read of a Knative Service of the base. */
interface Service {
  readonly metadata: { readonly namespace: string; readonly labels: Record<string, string> };
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations: Record<string, string> };
      readonly spec: {
        readonly serviceAccountName: string;
        readonly containerConcurrency: number;
        readonly containers: readonly [Container];
      };
    };
  };
}

interface Container {
  readonly image: string;
  readonly env?: readonly {
    readonly name: string;
    readonly valueFrom: { readonly secretKeyRef: SecretKey };
  }[];
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly resources: Record<"requests" | "limits", Record<string, string>>;
}

interface SecretKey {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}

interface Probe {
  readonly httpGet: { readonly path: string };
}

interface Kustomization {
  readonly images: readonly { name: string; newName: string; newTag: string }[];
}

/** Text of the file. */
export async function funcYaml(name: FunctionName): Promise<string> {
  const { metadata, spec } = parse(await base(`${name}/service.yaml`)) as Service;
  const { containers, containerConcurrency, serviceAccountName } = spec.template.spec;
  const [container] = containers;
  const { images } = parse(await base("kustomization.yaml")) as Kustomization;
  const found = images.find((one) => one.name === container.image);
  if (!found) throw new Error(`base/kustomization.yaml names no image for ${container.image}`);
  const image = `${found.newName}:${found.newTag}`;
  const { namespace, labels } = metadata;
  const { annotations, scale } = scaling(spec.template.metadata.annotations);
  const file = {
    // The newest migration of func; an older file is rewritten in place.
    specVersion: "0.36.0",
    name,
    runtime: "node",
    created: "2026-11-23T00:00:00Z",
    invoke: "cloudevent",
    namespace,
    image,
    run: { envs: [IDENTITY, ...envs(container, parseEnv(await base(`${name}/settings.env`)))] },
    deploy: {
      namespace,
      image,
      serviceAccountName,
      healthEndpoints: {
        liveness: container.livenessProbe.httpGet.path,
        readiness: container.readinessProbe.httpGet.path,
      },
      ...(Object.keys(annotations).length > 0 && { annotations }),
      labels: Object.entries(labels).map(([key, value]) => ({ key, value })),
      options: {
        scale,
        resources: {
          requests: container.resources.requests,
          limits: { ...container.resources.limits, concurrency: containerConcurrency },
        },
      },
    },
  };
  return HEAD.replace("NAME", name) + stringify(file, { lineWidth: 0 });
}

/** The base does not say whether anybody is asked for a token; whoever deploys does. */
const IDENTITY = { name: "IDENTITY", value: "{{ env:IDENTITY }}" };

const HEAD = `# Made by \`node infra/kubernetes/images/func-yaml.ts\`; never edited by hand.
# For Knative's \`func\`: rolls out the image that \`make images\` made, with the settings of the base. It cannot say
# everything (time-outs, the security context), so \`kubectl apply -k\` comes first and \`func\` after it:
#   IDENTITY=none func deploy --build=false --push=false --path functions/NAME
`;

function envs(container: Container, settings: NodeJS.Dict<string>) {
  const keys = (container.env ?? []).map(({ name, valueFrom: { secretKeyRef } }) => ({
    variable: name,
    secret: secretKeyRef.name,
    key: secretKeyRef.key,
    optional: secretKeyRef.optional ?? false,
  }));
  // `func` has no optional key: of such a Secret it takes every key there is.
  const optional = new Set(keys.filter((key) => key.optional).map((key) => key.secret));
  return [
    ...Object.entries(settings).map(([name, value]) => ({ name, value })),
    ...keys
      .filter((key) => !key.optional)
      .map(({ variable, secret, key }) => ({
        name: variable,
        value: `{{ secret:${secret}:${key} }}`,
      })),
    ...[...optional].map((secret) => ({ value: `{{ secret:${secret} }}` })),
  ];
}

/** What `func` has fields for, and the other annotations. */
function scaling(all: Readonly<Record<string, string>>) {
  const annotations: Record<string, string> = {};
  const scale: Record<string, string | number> = {};
  const fields: Readonly<Record<string, string>> = {
    "min-scale": "min",
    "max-scale": "max",
    metric: "metric",
    target: "target",
    "target-utilization-percentage": "utilization",
  };
  for (const [name, value] of Object.entries(all)) {
    const field = name.startsWith(SCALING) ? fields[name.slice(SCALING.length)] : undefined;
    if (field === undefined) annotations[name] = value;
    else scale[field] = field === "metric" ? value : Number(value);
  }
  return { annotations, scale };
}

async function base(path: string): Promise<string> {
  return await readFile(new URL(`infra/kubernetes/base/${path}`, REPOSITORY), "utf8");
}

if (import.meta.main) {
  for (const name of FUNCTION_NAMES) {
    await writeFile(new URL(`functions/${name}/func.yaml`, REPOSITORY), await funcYaml(name));
  }
}
