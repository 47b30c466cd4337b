/** How the Kubernetes API is spoken to: what the API's own answers cannot show. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  makeConfigMapLedger,
  type Ledger,
} from "../../functions/platform/ledger/configmap-ledger.ts";

const NOT_FOUND = JSON.stringify({ kind: "Status", code: 404, reason: "NotFound" });

interface Seen {
  connections: number;
  readonly requests: { readonly version: string; readonly authorization: string | undefined }[];
}

async function withWatchedServer(use: (ledger: Ledger, seen: Seen) => Promise<void>) {
  const seen: Seen = { connections: 0, requests: [] };
  const server = createServer(({ httpVersion: version, headers: { authorization } }, response) => {
    seen.requests.push({ version, authorization });
    response.writeHead(404, { "content-type": "application/json" }).end(NOT_FOUND);
  });
  server.on("connection", () => seen.connections++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const folder = await mkdtemp(join(tmpdir(), "kubernetes-http-"));
  try {
    const kubeconfig = join(folder, "kubeconfig");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
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
