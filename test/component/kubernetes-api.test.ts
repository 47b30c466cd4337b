/** How the Kubernetes API is spoken to: what the API's own answers cannot show. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serviceAccount } from "../../functions/platform/identity/service-account.ts";
import {
  makeConfigMapLedger,
  type Ledger,
} from "../../functions/platform/ledger/configmap-ledger.ts";
import { makeAuthority } from "../support/servers/certificates.ts";

const NOT_FOUND = JSON.stringify({ kind: "Status", code: 404, reason: "NotFound" });

interface Seen {
  url: string;
  connections: number;
  readonly requests: { readonly version: string; readonly authorization: string | undefined }[];
}

async function withWatchedServer(use: (ledger: Ledger, seen: Seen) => Promise<void>) {
  const seen: Seen = { url: "", connections: 0, requests: [] };
  const server = createServer(({ httpVersion: version, headers: { authorization } }, response) => {
    seen.requests.push({ version, authorization });
    response.writeHead(404, { "content-type": "application/json" }).end(NOT_FOUND);
  });
  server.on("connection", () => seen.connections++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const folder = await mkdtemp(join(tmpdir(), "kubernetes-api-"));
  try {
    const kubeconfig = join(folder, "kubeconfig");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    seen.url = url;
    await writeFile(kubeconfig, kubeconfigOf(url));
    await use(makeConfigMapLedger({ namespace: "default", kubeconfig }), seen);
  } finally {
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true });
  }
}

const kubeconfigOf = (server: string): string =>
  JSON.stringify({
    clusters: [{ name: "a", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "a", user: { token: "secret" } }],
    contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
    "current-context": "a",
  });

test("one call after the other takes one connection, HTTP/1.1, and the user's token", async () => {
  await withWatchedServer(async (ledger, seen) => {
    for (let call = 0; call < 20; call++) expect(await ledger.read(`r-${call}`)).toBeUndefined();
    expect(seen.connections).toBe(1);
    expect(seen.requests).toHaveLength(20);
    expect(new Set(seen.requests.map(({ version }) => version))).toEqual(new Set(["1.1"]));
    expect(seen.requests.at(-1)?.authorization).toBe("Bearer secret");
  });
});

test("a burst of calls opens sixteen connections, and the next burst none", async () => {
  await withWatchedServer(async (ledger, seen) => {
    const burst = () => Promise.all(Array.from({ length: 100 }, (_, i) => ledger.read(`r-${i}`)));
    await burst();
    expect(seen.connections).toBe(16);
    await burst();
    expect(seen.connections).toBe(16);
    expect(seen.requests).toHaveLength(200);
  });
});

test("a kubeconfig that cannot be read is said by its path, and read once it is there", async () => {
  await withWatchedServer(async (_ledger, seen) => {
    const folder = await mkdtemp(join(tmpdir(), "kubernetes-api-"));
    const kubeconfig = join(folder, "later");
    const ledger = makeConfigMapLedger({ namespace: "default", kubeconfig, tries: 1 });
    await expect(ledger.read("r-1")).rejects.toThrow(`the kubeconfig ${kubeconfig} cannot be read`);
    await writeFile(kubeconfig, kubeconfigOf(seen.url));
    expect(await ledger.read("r-1")).toBeUndefined();
    await rm(folder, { recursive: true });
  });
});

test("a pod speaks as its service account, with the token that lies there now", async () => {
  await using stack = new AsyncDisposableStack();
  const authority = stack.use(await makeAuthority());
  const { cert, key } = await authority.issue("IP:127.0.0.1");
  const tokens: (string | undefined)[] = [];
  const server = createTlsServer({ cert, key }, ({ headers }, response) => {
    tokens.push(headers.authorization);
    response.writeHead(404, { "content-type": "application/json" }).end(NOT_FOUND);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(() => void server.close());
  const folder = await mkdtemp(join(tmpdir(), "service-account-"));
  stack.defer(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "ca.crt"), authority.ca);
  const env = {
    KUBERNETES_SERVICE_HOST: "127.0.0.1",
    KUBERNETES_SERVICE_PORT: String((server.address() as AddressInfo).port),
  };
  const account = serviceAccount(env, folder);
  const ledger = makeConfigMapLedger({ namespace: "default", account });
  for (const token of ["first", "second"]) {
    await writeFile(join(folder, "token"), `${token}\n`);
    expect(await ledger.read("r-1")).toBeUndefined();
  }
  expect(tokens).toEqual(["Bearer first", "Bearer second"]);
  server.closeAllConnections();
});
