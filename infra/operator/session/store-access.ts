/**
 * Where the statements lie and with what they are read: as the environment says, or, where it says nothing of a
 * store, as the builder of the installation is told. A store inside the cluster is reached through a forwarded port.
 */
import type { S3Settings } from "../../../functions/platform/store/s3-client.ts";
import type { Installation, Way } from "./installation.ts";
import { readOperatorConfig, type Environment, type OperatorConfig } from "./settings.ts";
import type { Screen } from "../words/terminal.ts";

export interface Store {
  readonly settings: S3Settings;
  /** Of the bucket; undefined where nothing says so. */
  readonly name: string | undefined;
  readonly prefix: string;
  /** The forwarded port it is reached through, for a store inside the cluster. */
  readonly way?: Way | undefined;
}

const OWN_STORE = ["S3_ENDPOINT", "S3_BUCKET"];
/** Each is a way to have credentials of one's own. */
const OWN_CREDENTIALS = ["AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"];

/** One env file serves builder and tool: then nothing is asked of the installation. */
export function isStoreGiven(env: Environment): boolean {
  return OWN_STORE.some((name) => env[name]);
}

export function storeOf(config: OperatorConfig, env: Environment): Store {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  const sessionToken = env["AWS_SESSION_TOKEN"];
  return {
    name: config.S3_BUCKET,
    prefix: config.S3_PREFIX,
    settings: {
      endpoint: config.S3_ENDPOINT,
      region: config.AWS_REGION,
      caFile: config.S3_CA_FILE,
      forcePathStyle: config.S3_FORCE_PATH_STYLE,
      checksums: config.S3_CHECKSUMS,
      // Otherwise the SDK looks where every AWS program does: profile, web identity, instance.
      ...(accessKeyId && secretAccessKey
        ? { credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) } }
        : {}),
    },
  };
}

/** What the environment has wins; without a word of the installation it stands alone, and that is said. */
export async function storeOfInstallation(
  installation: Pick<Installation, "storeVariables" | "wayTo">,
  env: Environment,
  screen: Screen,
): Promise<Store> {
  const own = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const withCredentials = !OWN_CREDENTIALS.some((name) => own[name]);
  try {
    const found = await installation.storeVariables({ withCredentials });
    const all: Environment = { ...found, ...own };
    const { S3_ENDPOINT: endpoint, S3_CA_FILE: caFile } = all;
    const way = endpoint === undefined ? undefined : await installation.wayTo(endpoint);
    const isOfPods = caFile !== undefined && own["S3_CA_FILE"] === undefined;
    if (isOfPods)
      screen.note(
        `the store's CA is ${caFile} in the builder's pods: set S3_CA_FILE to a copy of it`,
      );
    const here = isOfPods ? { ...all, S3_CA_FILE: undefined } : all;
    const { settings, ...store } = storeOf(readOperatorConfig(here), here);
    return way ? { ...store, settings: throughWay(settings, way), way } : { ...store, settings };
  } catch (error) {
    const [reason = ""] = (error as Error).message.trim().split("\n").slice(-1);
    screen.note(`the store's settings were not found through kubectl: ${reason}`);
    screen.note("set S3_ENDPOINT, AWS_REGION and credentials, as the builder has them");
    return storeOf(readOperatorConfig(env), env);
  }
}

/**
 * With what an address is signed, which holds for its host alone: the forwarded port. Over TLS by the store's own name,
 * as whoever opens it looks whether the certificate is for that.
 */
export function signingSettings({ settings, way }: Store): S3Settings {
  const isTls = settings.endpoint?.startsWith("https:") === true;
  if (!way || !isTls || settings.serverName === undefined) return settings;
  return { ...settings, endpoint: `https://${settings.serverName}:${way.port}` };
}

function throughWay(settings: S3Settings, { port }: Way): S3Settings {
  const { protocol, hostname } = new URL(settings.endpoint ?? "");
  const endpoint = `${protocol}//127.0.0.1:${port}`;
  return { ...settings, endpoint, serverName: hostname, forcePathStyle: true };
}
