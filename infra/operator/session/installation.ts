/** What an installation in a cluster says of itself, and ways into it, for somebody who has kubectl and nothing else. */
import { execFile, spawn, type ExecFileException } from "node:child_process";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { FunctionName } from "../../../functions/domain/function-names.ts";
import { troubleOf } from "../../kubernetes/deploy/trouble.ts";
import { readStoreVariables, type StoreVariables } from "./builder-store.ts";
import { readCapacity, type Capacity } from "./capacity.ts";
import { readServiceVariables } from "./service-variables.ts";
import { readWindows, type Windows } from "./window.ts";

const run = promisify(execFile);

export interface Installation {
  /** Where request-intake is reached from here, and the host it goes by. */
  intake(): Promise<{ readonly url: string; readonly host: string } & Pick<Way, "closed">>;
  /** What the functions' pods have said, those of Jobs too. */
  logs(): Promise<string>;
  /** Why its pods do not do their work, in a line for each. */
  trouble(): Promise<readonly string[]>;
  /** How many builds it runs at a time. */
  capacity(): Promise<Capacity>;
  /** How long it takes an event, and keeps its record. */
  windows(): Promise<Windows>;
  /** Those of `names` that one of its functions is told. */
  variables(
    service: FunctionName,
    names: ReadonlySet<string>,
  ): Promise<Readonly<Record<string, string>>>;
  /** What its builder is told of its store; without credentials no Secret is read. */
  storeVariables(asked: { readonly withCredentials: boolean }): Promise<StoreVariables>;
  /** A port of this machine that leads where `url` leads inside the cluster; undefined for what lies outside. */
  wayTo(url: string): Promise<Way | undefined>;
}

export interface Way {
  readonly port: number;
  /** Resolves when it leads nowhere any more. */
  readonly closed: Promise<void>;
}

/** The cluster took the question, and has said nothing in time. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";

  constructor(what: string) {
    super(`${what}: no answer within ${TIMEOUT_MS / 1000} s`);
  }
}

/** Ways in stay open until `stop`. Everything rejects with what kubectl said. */
export function makeInstallation(
  kubeconfig: string,
  ledger: string,
  stop: AbortSignal,
): Installation {
  async function kubectl(args: readonly string[], timeout = TIMEOUT_MS): Promise<string> {
    const options = { signal: stop, maxBuffer: MOST_BYTES, timeout };
    const asking = run("kubectl", ["--kubeconfig", kubeconfig, ...args], options);
    // Without credentials in the kubeconfig it asks for a name, and nobody is there to give one.
    asking.child.stdin?.end();
    const { stdout } = await asking.catch((error: unknown) => {
      const what = `kubectl ${args.slice(0, 2).join(" ")}`;
      throw isUnanswered(error) ? new NoAnswer(what) : new Error(`${what}: ${whatItSaid(error)}`);
    });
    return stdout;
  }

  /** The ledger's rights belong to accounts beside the functions; who may not read them asks at the usual place. */
  const namespace = kubectl([
    ...["get", "rolebinding", "request-intake", "-n", ledger],
    ...["-o", "jsonpath={.subjects[0].namespace}"],
  ]).then(
    (found) => found || USUAL_NAMESPACE,
    () => USUAL_NAMESPACE,
  );

  async function forward(inNamespace: string, service: string, port: string): Promise<Way> {
    const args = ["port-forward", "-n", inNamespace, `service/${service}`, `:${port}`];
    const child = spawn("kubectl", ["--kubeconfig", kubeconfig, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      signal: stop,
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said = text.trim()));
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    return await new Promise<Way>((resolve, reject) => {
      child.on("error", reject);
      child.once("close", () => reject(new Error(`kubectl ${args.join(" ")}: ${said}`)));
      createInterface(child.stdout).on("line", (line) => {
        const found = /^Forwarding from 127\.0\.0\.1:(\d+) /.exec(line)?.[1];
        if (found !== undefined) resolve({ port: Number(found), closed });
      });
    });
  }

  return {
    async logs() {
      const of = ["-n", await namespace, "-l", "app.kubernetes.io/part-of=transactions-collector"];
      const most = ["--tail=-1", "--max-log-requests=100"];
      return await kubectl(["logs", ...of, "--all-containers", ...most], NO_TIMEOUT);
    },

    async intake() {
      const of = ["request-intake", "-n", await namespace];
      const [address, gateway] = await Promise.all([
        kubectl([
          ...["get", "services.serving.knative.dev", ...of],
          ...["-o", "jsonpath={.status.address.url}"],
        ]),
        // Each networking layer of Knative leaves a Service of that name, which leads to its gateway.
        kubectl(["get", "service", ...of, "-o", "jsonpath={.spec.externalName}"]),
      ]);
      const [service = "", inNamespace = ""] = gateway.split(".");
      const { port, closed } = await forward(inNamespace, service, "80");
      return { url: `http://127.0.0.1:${port}/`, host: new URL(address).hostname, closed };
    },

    trouble: async () => await troubleOf(await namespace, kubectl),
    capacity: async () => await readCapacity(kubectl, await namespace),
    windows: async () => await readWindows(kubectl, await namespace),
    variables: async (service, names) =>
      await readServiceVariables(kubectl, { namespace: await namespace, service, names }),
    storeVariables: async ({ withCredentials }) =>
      await readStoreVariables(kubectl, { namespace: await namespace, withCredentials }),

    async wayTo(url) {
      const { hostname, port, protocol } = new URL(url);
      const [service = "", inNamespace = await namespace, svc = "svc"] = hostname.split(".");
      if (svc !== "svc" || /^localhost$|^\[/.test(service)) return undefined;
      const of = [service, "-n", inNamespace];
      const get = ["get", "service", ...of, "-o", "name", "--ignore-not-found"];
      // A name that is none of a Service, or of one that may not be seen: then it is tried as it stands.
      if ((await kubectl(get).catch(() => "")).trim() === "") return undefined;
      return await forward(inNamespace, service, port || (protocol === "https:" ? "443" : "80"));
    },
  };
}

function isUnanswered(error: unknown): boolean {
  const { code, killed } = error as ExecFileException;
  return killed === true && code === null;
}

/** In one line: it says the same several times over, with its own log's marks, and the reason last. */
function whatItSaid(error: unknown): string {
  const { message, stderr = "" } = error as ExecFileException;
  return stderr.trim().split("\n").at(-1) || message;
}

/** By itself kubectl waits without end for a server that takes its request and says nothing. */
const TIMEOUT_MS = 20_000;
const NO_TIMEOUT = 0;
/** Of one answer: the logs of a busy day. */
const MOST_BYTES = 256 * 1024 * 1024;
const USUAL_NAMESPACE = "statements";
