/** How the builder of an installation reaches its store: the variables of its Knative Service. */

/** Those of the builder that lead to its store; its other variables are nobody's business here. */
const SETTINGS = [
  "S3_BUCKET",
  "S3_PREFIX",
  "S3_ENDPOINT",
  "S3_CA_FILE",
  "S3_INSECURE",
  "S3_FORCE_PATH_STYLE",
  "S3_CHECKSUMS",
  "AWS_REGION",
];
const CREDENTIALS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

export type StoreVariables = Readonly<Record<string, string>>;

/** Answers what kubectl prints; rejects with what it said. */
export type Kubectl = (args: readonly string[]) => Promise<string>;

interface KeyRef {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}

interface BuilderService {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly env?: readonly {
            readonly name: string;
            readonly value?: string;
            readonly valueFrom?: {
              readonly configMapKeyRef?: KeyRef;
              readonly secretKeyRef?: KeyRef;
            };
          }[];
          readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[];
        }[];
      };
    };
  };
}

/** Rejects when the Service, or a ConfigMap or Secret that it names for its store, cannot be read. */
export async function readStoreVariables(
  kubectl: Kubectl,
  { namespace, withCredentials }: { readonly namespace: string; readonly withCredentials: boolean },
): Promise<StoreVariables> {
  const names = new Set(withCredentials ? [...SETTINGS, ...CREDENTIALS] : SETTINGS);
  const read = async <T>(kind: string, name: string): Promise<T> =>
    JSON.parse(await kubectl(["get", kind, name, "-n", namespace, "-o", "json"])) as T;
  const { spec } = await read<BuilderService>("services.serving.knative.dev", "statement-builder");
  const [container] = spec.template.spec.containers;
  const found: Record<string, string> = {};
  const take = (name: string, value: string | undefined): void => {
    if (value !== undefined && names.has(name)) found[name] = value;
  };

  for (const { configMapRef } of container?.envFrom ?? []) {
    if (!configMapRef) continue;
    const { data = {} } = await read<Data>("configmap", configMapRef.name);
    for (const [name, value] of Object.entries(data)) take(name, value);
  }
  const opened = new Map<string, Promise<Data>>();
  const open = async (kind: "configmap" | "secret", { name, optional = false }: KeyRef) => {
    const key = `${kind}/${name}`;
    const reading = opened.get(key) ?? read<Data>(kind, name);
    opened.set(key, reading);
    return await reading.catch((error: unknown): Data => {
      if (optional && String(error).includes("NotFound")) return {};
      throw error;
    });
  };
  // As the kubelet does: what a variable says itself wins.
  for (const { name, value, valueFrom } of container?.env ?? []) {
    if (!names.has(name)) continue;
    const { configMapKeyRef, secretKeyRef } = valueFrom ?? {};
    take(name, value);
    if (configMapKeyRef)
      take(name, (await open("configmap", configMapKeyRef)).data?.[configMapKeyRef.key]);
    if (secretKeyRef) {
      const encoded = (await open("secret", secretKeyRef)).data?.[secretKeyRef.key];
      take(name, encoded && Buffer.from(encoded, "base64").toString());
    }
  }
  return found;
}

interface Data {
  readonly data?: Readonly<Record<string, string>>;
}
