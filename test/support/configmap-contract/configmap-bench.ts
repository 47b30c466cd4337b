/** What the parts of the ConfigMap contract work with. */
import {
  ApiException,
  CoreV1Api,
  KubeConfig,
  setHeaderOptions,
  type V1ConfigMap,
} from "@kubernetes/client-node";
import { request as httpRequest } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import { text } from "node:stream/consumers";

export interface ConfigMapApiUnderTest extends AsyncDisposable {
  readonly config: KubeConfig;
  readonly traits: ConfigMapApiTraits;
}

/** Where servers differ. */
export interface ConfigMapApiTraits {
  /** The local server keeps no field managers, so it refuses apply patches. */
  readonly applyPatch: "done" | Refusal;
  /** The local server lists from the one state it has, and a limit always counts. */
  readonly limitAtRevisionZero: "kept" | "ignored";
}

export interface ConfigMapBench {
  readonly server: () => ConfigMapApiUnderTest;
  readonly core: () => CoreV1Api;
  readonly newNamespace: () => Promise<string>;
}

export interface Refusal {
  readonly code: number;
  readonly reason?: string | undefined;
  readonly name?: string | undefined;
  readonly kind?: string | undefined;
  /** Of the causes, in their order. */
  readonly fields?: readonly string[];
}

interface Status {
  readonly kind?: string;
  readonly status?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly details?: {
    readonly name?: string;
    readonly kind?: string;
    readonly causes?: readonly { readonly field?: string }[];
  };
}

/** How a call was refused: what the Status object says, once it is known to be one. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal | "not refused"> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    const body: unknown = error.body;
    const status = (typeof body === "string" ? JSON.parse(body) : body) as Status;
    expect(status).toMatchObject({ kind: "Status", status: "Failure", code: error.code });
    const { reason, details: { name, kind, causes } = {} } = status;
    const fields = causes?.map(({ field = "" }) => field);
    return Object.fromEntries(
      Object.entries({ code: error.code, reason, name, kind, fields }).filter(
        ([, value]) => value !== undefined,
      ),
    ) as unknown as Refusal;
  }
  return "not refused";
}

export function patchType(type: string) {
  return setHeaderOptions("Content-Type", type);
}

/** The object without what the API server notes of its writers. */
export function plain({ metadata, ...object }: V1ConfigMap): V1ConfigMap {
  const { managedFields: _managers, ...kept } = metadata ?? {};
  return { ...object, metadata: kept };
}

/** A copy with other fields; the object's class is of no matter to the client. */
export function edited<T extends object>(object: T, change: Partial<T>): T {
  return Object.assign({}, object, change);
}

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

/** A request the client library cannot make. */
export async function raw(
  config: KubeConfig,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body = "",
): Promise<RawAnswer> {
  const url = `${config.getCurrentCluster()?.server ?? ""}${path}`;
  const options: RequestOptions = { method, headers: { ...headers }, agent: false };
  await config.applyToHTTPSOptions(options);
  return await new Promise((resolve, reject) => {
    const send = url.startsWith("https:") ? httpsRequest : httpRequest;
    send(url, options, (answer) => {
      text(answer).then((sent) => resolve({ status: answer.statusCode ?? 0, text: sent }), reject);
    })
      .on("error", reject)
      .end(body);
  });
}
