/** How the builder of an installation reaches its store: the variables of its Knative Service. */
import { readServiceVariables, type Kubectl } from "./service-variables.ts";

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

/** Rejects when the Service, or a ConfigMap or Secret that it names for its store, cannot be read. */
export async function readStoreVariables(
  kubectl: Kubectl,
  { namespace, withCredentials }: { readonly namespace: string; readonly withCredentials: boolean },
): Promise<StoreVariables> {
  const names = new Set(withCredentials ? [...SETTINGS, ...CREDENTIALS] : SETTINGS);
  return await readServiceVariables(kubectl, { namespace, service: "statement-builder", names });
}
