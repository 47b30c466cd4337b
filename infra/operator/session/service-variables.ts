/** What a function of an installation is told: variables of its Knative Service, as the kubelet would read them. */

/** Answers what kubectl prints; rejects with what it said. */
export type Kubectl = (args: readonly string[]) => Promise<string>;

interface KeyRef {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}

interface Service {
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

export interface Asked {
  readonly namespace: string;
  /** Name of the Knative Service. */
  readonly service: string;
  readonly names: ReadonlySet<string>;
}

/** Those of `names` that it has. Rejects when the Service, or a ConfigMap or Secret that it names for them, cannot be read. */
export async function readServiceVariables(
  kubectl: Kubectl,
  { namespace, service, names }: Asked,
): Promise<Readonly<Record<string, string>>> {
  const read = async <T>(kind: string, name: string): Promise<T> =>
    JSON.parse(await kubectl(["get", kind, name, "-n", namespace, "-o", "json"])) as T;
  const { spec } = await read<Service>("services.serving.knative.dev", service);
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
