/** The operator's tool before a cluster that takes every request and says nothing, or what is no answer. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeConfigMapLedger } from "../../functions/platform/ledger/configmap-ledger.ts";
import { checkLedger } from "../../infra/operator/doctor/ledger.ts";
import { checkPods } from "../../infra/operator/doctor/pods.ts";
import { checkTicks } from "../../infra/operator/doctor/ticks.ts";
import { makeInstallation, NoAnswer } from "../../infra/operator/session/installation.ts";
import type { Session } from "../../infra/operator/session/session.ts";
import { makeAuthority, type Authority } from "../support/servers/certificates.ts";
import { makeTool } from "../support/operator/statements-tool.ts";

let folder: string;
let authority: Authority;
const opened = new AsyncDisposableStack();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "silent-"));
  opened.defer(() => rm(folder, { recursive: true }));
  authority = opened.use(await makeAuthority());
});
afterAll(() => opened.disposeAsync());

/** The path of its kubeconfig. */
async function clusterThat(
  answers: RequestListener,
  user: Readonly<Record<string, string>> = { token: "t" },
): Promise<string> {
  const server = createServer(await authority.issue("IP:127.0.0.1"), answers);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  opened.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(folder, `kubeconfig-${port}`);
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    "certificate-authority": authority.caFile,
  };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    "current-context": "c",
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  return kubeconfig;
}

test.each([["watch"], ["rejected"], ["prune"], ["retry", "a"], ["replay", "--all"], ["doctor"]])(
  "Ctrl-C ends %s while nothing answers",
  async (...args) => {
    const interrupted = new AbortController();
    const KUBECONFIG = await clusterThat(() => setTimeout(() => interrupted.abort(), 100));
    const { code } = await makeTool(
      { KUBECONFIG, RETENTION_DAYS: "30" },
      interrupted.signal,
    )(...args);
    expect(code).toBe(130);
  },
);

test("a page to sign in at is no list to watch from", async () => {
  const KUBECONFIG = await clusterThat((_, response) => {
    response.setHeader("content-type", "text/html").end("<html>sign in</html>");
  });
  const { code, stderr } = await makeTool({ KUBECONFIG })("watch");
  expect(code).toBe(3);
  expect(stderr).toContain("the ledger cannot be watched (no answer)");
});

test("a cluster that has too much to do is none that answers", async () => {
  const KUBECONFIG = await clusterThat((_, response) => void response.writeHead(503).end());
  const { code, stdout } = await makeTool({ KUBECONFIG })("doctor");
  expect(code).toBe(1);
  expect(stdout).toMatch(/^no {2}the cluster does not answer at .+: HTTP 503$/m);
});

test("doctor asks a silent cluster once, and looks at the rest", async () => {
  const asked: string[] = [];
  const KUBECONFIG = await clusterThat(({ url = "" }) => void asked.push(url));
  const { code, stdout } = await makeTool({ KUBECONFIG })("doctor", "-o", "json");
  expect(code).toBe(1);
  expect(asked).toEqual(["/version"]);
  const found = JSON.parse(stdout) as readonly { readonly level: string; readonly what: string }[];
  expect(found.map(({ level, what }) => `${level} ${what}`)).toEqual([
    expect.stringMatching(/^wrong the cluster does not answer at \S+: no answer within 10 s$/),
    "unknown nothing more was asked of the cluster, as it does not answer",
    "unknown the bucket was not looked at: the cluster does not answer",
    "unknown the database was not looked at",
  ]);
});

test("doctor asks a cluster nothing more that has once said nothing to kubectl", async () => {
  const signal = new AbortController().signal;
  const trouble = () => Promise.reject(new NoAnswer("kubectl get pods"));
  const check = checkPods({ isLocal: false, signal, trouble } as Partial<Session> as Session);
  expect((await check.next()).value).toMatchObject({ level: "unknown" });
  expect(await check.next()).toEqual({ done: true, value: "silent" });
});

test("a list that the cluster leaves without an answer is asked for once, and ends what doctor asks", async () => {
  const lists: string[] = [];
  const kubeconfig = await clusterThat(({ url = "" }, response) => {
    if (new URL(url, "https://c").searchParams.has("limit")) lists.push(url);
    else response.writeHead(404, { "content-type": "application/json" }).end("{}");
  });
  const where = { kubeconfig, namespace: "n", tries: 2, listTimeoutMs: 200 };
  const session = {
    ...{ kubeconfig, isLocal: false, config: { LEDGER_NAMESPACE: "n" }, now: Date.now },
    signal: new AbortController().signal,
    ledger: () => Promise.resolve(makeConfigMapLedger(where)),
  } as Partial<Session> as Session;
  const check = checkLedger(session);
  expect((await check.next()).value).toMatchObject({
    level: "unknown",
    what: "the ledger in n cannot be read: the Kubernetes API does not answer: timed out",
  });
  expect(await check.next()).toEqual({ done: true, value: "silent" });
  expect(lists).toHaveLength(1);
});

test("so does a ConfigMap that it leaves without an answer", async () => {
  const KUBECONFIG = await clusterThat(({ url = "" }, response) => {
    if (!url.includes("records-by-source")) response.writeHead(404).end();
  });
  const session = {
    ...{ kubeconfig: KUBECONFIG, config: { LEDGER_NAMESPACE: "n" }, now: Date.now },
    signal: new AbortController().signal,
  } as Partial<Session> as Session;
  const check = checkTicks(session);
  expect((await check.next()).value).toMatchObject({ level: "unknown" });
  expect(await check.next()).toEqual({ done: true, value: "silent" });
});

/** What is said of the pods of a cluster that cannot be asked. */
async function reason(kubeconfig: string): Promise<string> {
  const installation = makeInstallation(kubeconfig, "n", new AbortController().signal);
  return await installation.trouble().then(String, (error: unknown) => (error as Error).message);
}

test("kubectl that would ask for a name is given none, and its last line is the reason", async () => {
  const nobody = await clusterThat((_, response) => void response.writeHead(401).end(), {});
  expect(await reason(nobody)).toBe("kubectl get pods: error: EOF");
});

test("kubectl is not waited for without end", async () => {
  const silent = await clusterThat(() => undefined);
  expect(await reason(silent)).toBe("kubectl get pods: no answer within 20 s");
});
