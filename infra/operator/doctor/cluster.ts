/** Whether the cluster answers, what it lets us do, what it has of Knative, and what time it has. */
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { ApiException, ApisApi, AuthorizationV1Api, KubeConfig } from "@kubernetes/client-node";
import { inTime } from "../session/in-time.ts";
import { CommandError } from "../words/exit.ts";
import type { Session } from "../session/session.ts";
import { judgeClock } from "./clock.ts";
import { ok, reasonOf, unknown, wrong, type Finding, type Findings } from "./finding.ts";

const TIMEOUT_MS = 10_000;
const NO_ANSWER = `no answer within ${TIMEOUT_MS / 1000} s`;

export async function* checkCluster(session: Session): Findings {
  let config: KubeConfig;
  try {
    config = new KubeConfig();
    config.loadFromFile(session.kubeconfig);
  } catch (error) {
    const next =
      error instanceof CommandError ? "set KUBECONFIG, --kubeconfig or --local" : "mend the file";
    yield wrong(`the kubeconfig cannot be read: ${reasonOf(error)}`, next);
    return undefined;
  }
  const { server = "" } = config.getCurrentCluster() ?? {};
  try {
    const { date, ...between } = await askVersion(config, session.signal);
    yield ok(`the cluster answers at ${server}`);
    yield judgeClock(date, between, CLOCK, BY_CLOCK);
  } catch (error) {
    session.signal.throwIfAborted();
    if (error instanceof NotLetIn) {
      yield wrong(
        `the cluster answers at ${server}, and does not let you in: HTTP 401`,
        "sign in anew, or use another user of the kubeconfig",
      );
      return undefined;
    }
    yield wrong(
      `the cluster does not answer at ${server}: ${reasonOf(error)}`,
      "is it up, and does `kubectl version` with the same kubeconfig reach it?",
    );
    return "silent";
  }
  if (session.isLocal) {
    yield ok("`make run` asks nobody for rights, and its router stands in for Knative");
    return undefined;
  }
  yield* checkRights(config, session.config.LEDGER_NAMESPACE, session.signal);
  yield await checkKnative(config, session.signal);
  return undefined;
}

class NotLetIn extends Error {
  override readonly name = "NotLetIn";
}

interface Answer {
  /** The server's clock, milliseconds since the epoch, cut to whole seconds. */
  readonly date: number;
  readonly sentAt: number;
  readonly receivedAt: number;
}

async function askVersion(config: KubeConfig, signal: AbortSignal): Promise<Answer> {
  const url = new URL(`${config.getCurrentCluster()?.server ?? ""}/version`);
  const options = {
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    headers: {},
  };
  await config.applyToHTTPSOptions(options);
  const sentAt = Date.now();
  return await new Promise<Answer>((resolve, reject) => {
    const open = url.protocol === "https:" ? requestHttps : requestHttp;
    options.signal.addEventListener("abort", () => reject(new Error(NO_ANSWER)), { once: true });
    open(url, options, (response) => {
      response.resume();
      const { statusCode = 0, headers } = response;
      if (statusCode === 401) reject(new NotLetIn());
      else if (statusCode === 429 || statusCode >= 500) reject(new Error(`HTTP ${statusCode}`));
      else resolve({ date: Date.parse(headers.date ?? ""), sentAt, receivedAt: Date.now() });
    })
      .on("error", reject)
      .end();
  });
}

/** The header has whole seconds. */
const CLOCK = { whose: "the cluster", wholeMs: 1_000 };
const BY_CLOCK =
  "set both by NTP: presigned addresses and ages are wrong by as much; nothing is lost by it";

/** What each verb on ConfigMaps is for. */
const VERBS = {
  list: "list, doctor, stats, prune, rejected, ui",
  get: "show, explain, events, logs, download, link",
  watch: "watch, list --watch, request --wait, ui",
  update: "retry, cancel, announce, link, replay",
  delete: "replay, retry",
} as const;

async function* checkRights(
  config: KubeConfig,
  namespace: string,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const api = config.makeApiClient(AuthorizationV1Api);
  const refused: string[] = [];
  try {
    for (const [verb, commands] of Object.entries(VERBS)) {
      const resourceAttributes = { namespace, verb, resource: "configmaps", version: "v1" };
      const { status } = await api.createSelfSubjectAccessReview(
        { body: { spec: { resourceAttributes } } },
        inTime(signal),
      );
      if (!status?.allowed) refused.push(`${verb} (${commands})`);
    }
  } catch (error) {
    signal.throwIfAborted();
    yield unknown(
      `it cannot be asked what you may do (${refusalOf(error)})`,
      "`kubectl auth can-i --list` may tell",
    );
    return;
  }
  yield refused.length === 0
    ? ok(`you may do everything in ${namespace} that this tool needs`)
    : wrong(
        `you may not, with ConfigMaps of ${namespace}: ${refused.join(", ")}`,
        `have a Role bound with these verbs on configmaps in ${namespace}`,
      );
}

/** The client's own message has all of the answer, its headers too. */
function refusalOf(error: unknown): string {
  return error instanceof ApiException ? `HTTP ${error.code}` : reasonOf(error);
}

const KNATIVE = {
  "serving.knative.dev": "Knative Serving",
  "eventing.knative.dev": "Knative Eventing",
  "sources.knative.dev": "Knative Eventing's PingSource and SinkBinding",
} as const;

async function checkKnative(config: KubeConfig, signal: AbortSignal): Promise<Finding> {
  try {
    const { groups } = await config.makeApiClient(ApisApi).getAPIVersions({}, inTime(signal));
    const present = new Set(groups.map(({ name }) => name));
    const missing = Object.entries(KNATIVE).filter(([group]) => !present.has(group));
    if (missing.length === 0) return ok("Knative Serving and Eventing are installed");
    return wrong(
      `the cluster lacks ${missing.map(([group, part]) => `${part} (${group})`).join(", ")}`,
      "install Knative (https://knative.dev/docs/install/)",
    );
  } catch (error) {
    return unknown(
      `it cannot be seen whether Knative is there: ${refusalOf(error)}`,
      "kubectl api-versions",
    );
  }
}
