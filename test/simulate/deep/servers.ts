/**
 * The servers of a deep world, in this process and on loopback, each behind what goes wrong on its wire:
 * the Kubernetes API, the S3 server and the router of `make run`, and a bank that speaks MySQL.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from "@aws-sdk/client-s3";
import { localKubeconfig } from "../../../infra/local/cluster/kubeconfig.ts";
import { startLocalKubernetesApi } from "../../../infra/local/cluster/kubernetes-api/server.ts";
import type { Change } from "../../../infra/local/cluster/kubernetes-api/store.ts";
import { ensureNamespace } from "../../../infra/local/cluster/ledger-api.ts";
import { startObjectStore } from "../../../infra/local/cluster/object-store.ts";
import {
  startLocalRouter,
  type LocalRouterOptions,
} from "../../../infra/local/cluster/router/router.ts";
import { PROBE_NAME } from "../../../functions/statement-builder/store/create-only-probe.ts";
import type { FunctionName } from "../../../functions/domain/function-names.ts";
import { startHttpFaultProxy, type HttpFaultProxy } from "../../support/wire/http-fault-proxy.ts";
import type { StoredObject, Upload } from "../object-store.ts";
import { EPOCH } from "../simulated-process.ts";
import { answersOf } from "./deep-bank.ts";
import { startMySqlServer } from "./mysql-server.ts";
import type { Neighbour, Wire } from "./wire.ts";

export interface DeepServers extends AsyncDisposable {
  /** Of a function's process. */
  environmentOf(name: FunctionName): Readonly<Record<string, string>>;
  /** Of whoever nothing goes wrong for. */
  readonly kubeconfig: string;
  /** Where requests are posted to. */
  readonly intakeUrl: string;
  keys(): Promise<readonly string[]>;
  uploads(): Promise<ReadonlyMap<string, Upload>>;
}

export interface DeepServersOptions {
  /** For what is kept in files. */
  readonly folder: string;
  readonly wire: Wire;
  /** Where the processes of a function are reached, behind the wire. */
  readonly urlOf: (name: FunctionName) => string;
  readonly onChange: (change: Change) => void;
  readonly onObject: (fetch: () => Promise<StoredObject>) => void;
  readonly onEvent: NonNullable<LocalRouterOptions["onEvent"]>;
  readonly onUnknownQuery: (sql: string) => void;
  /** The bank hands out somebody else's texts. */
  readonly isMixed: boolean;
}

const LEDGER = "transaction-requests";
const EVENTING = new URL("../../../eventing", import.meta.url).pathname;

export async function startDeepServers(options: DeepServersOptions): Promise<DeepServers> {
  const { folder, wire, urlOf } = options;
  await using opened = new AsyncDisposableStack();
  const through = async (at: Neighbour, url: string): Promise<HttpFaultProxy> =>
    opened.use(await startHttpFaultProxy({ url }, () => wire.httpFault(at)));

  const token = "token";
  const api = opened.use(await startLocalKubernetesApi({ token, onChange: options.onChange }));
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, api.kubeconfig());
  await ensureNamespace(kubeconfig, LEDGER);
  const throughWire = join(folder, "kubeconfig-through-wire");
  const { url: apiUrl } = await through("api", api.url);
  await writeFile(throughWire, localKubeconfig(`${apiUrl}/${token}`, token));

  const { bucket, client, endpoint, env } = opened.use(
    await startObjectStore(folder, 0, ({ Records }) => {
      for (const { s3 } of Records) options.onObject(() => fetchObject(s3.object.key));
    }),
  );
  const store = await through("store", endpoint);
  async function fetchObject(key: string): Promise<StoredObject> {
    const found = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const bytes = Buffer.from((await found.Body?.transformToByteArray()) ?? []);
    return { key, bytes, metadata: found.Metadata ?? {}, sha256: undefined };
  }
  /** Whose an upload is the list of uploads does not say; the request that began it does. */
  const beginnings = (): ReadonlyMap<string, string> =>
    new Map(
      store.requests.flatMap((request, n) => {
        const [, key] = /^POST \/[^/]+\/([^?]+)\?uploads/.exec(request) ?? [];
        const whose = store.headers[n]?.["x-amz-meta-request-id"];
        return key !== undefined && typeof whose === "string" ? [[key, whose] as const] : [];
      }),
    );

  const bank = opened.use(
    await startMySqlServer({
      answers: answersOf(options.isMixed),
      faultOf: () => wire.databaseFault(),
      onUnknown: options.onUnknownQuery,
    }),
  );
  const intake = await through("intake", urlOf("request-intake"));
  const builder = await through("builder", urlOf("statement-builder"));
  const router = opened.use(
    await startLocalRouter({
      eventing: EVENTING,
      services: {
        "request-intake": intake.url,
        "pending-scanner": urlOf("pending-scanner"),
        "statement-builder": builder.url,
      },
      schedule: "* * * * * *",
      onEvent: options.onEvent,
    }),
  );
  const broker = await through("broker", router.url);
  const closing = opened.move();
  return {
    kubeconfig,
    intakeUrl: intake.url,
    environmentOf(name) {
      const { K_SINK = "", ...others } = router.environmentOf(name);
      return {
        ...env,
        ...others,
        K_SINK: new URL(new URL(K_SINK).pathname, broker.url).href,
        S3_ENDPOINT: store.url,
        DATABASE_URL: `mysql://builder:secret@127.0.0.1:${bank.port}/bank`,
        LEDGER_NAMESPACE: LEDGER,
        KUBECONFIG: throughWire,
      };
    },
    async keys() {
      const keys: string[] = [];
      for (let from: string | undefined, more = true; more;) {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: from }),
        );
        keys.push(...(page.Contents ?? []).map(({ Key = "" }) => Key));
        from = page.NextContinuationToken;
        more = from !== undefined;
      }
      return keys.filter((key) => !key.endsWith(PROBE_NAME));
    },
    async uploads() {
      const whose = beginnings();
      const page = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      // One of the probe, of a process that was killed in it, stays: a few hundred bytes, once in the life of a bucket.
      const ofStatements = (page.Uploads ?? []).filter(({ Key }) => !Key?.includes(PROBE_NAME));
      return new Map(
        ofStatements.map(({ Key: key = "", UploadId = "", Initiated }) => {
          const metadata = { "request-id": whose.get(key) ?? "" };
          return [UploadId, { key, metadata, begunAt: (Initiated?.getTime() ?? 0) - EPOCH }];
        }),
      );
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}
