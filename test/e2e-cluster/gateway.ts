/**
 * Addresses of this machine that lead to Knative Services and to the Broker. A Service is found by
 * the gateway by its host name, which `fetch` cannot set: a small proxy does.
 */
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { kubectl } from "../../infra/kubernetes/deploy/kubectl.ts";
import { openWayIn } from "./way-in.ts";

export interface Gateway extends AsyncDisposable {
  readonly url: string;
}

/**
 * Under the address that pods use. Each networking layer of Knative leaves a Service of that name,
 * which leads to its gateway.
 */
export async function openService(namespace: string, name: string): Promise<Gateway> {
  const address = await field("services.serving.knative.dev", namespace, name, STATUS_ADDRESS);
  const externalName = await field("services", namespace, name, "{.spec.externalName}");
  const [gateway = "", gatewayNamespace = ""] = externalName.split(".");
  if (gateway === "" || gatewayNamespace === "") {
    throw new Error(`Service ${namespace}/${name} leads to no gateway: "${externalName}"`);
  }
  return await openProxy(gatewayNamespace, gateway, new URL(address).hostname);
}

/** The address of a Broker, as its status says it: host, and path on that host. */
export async function openBroker(namespace: string, name: string): Promise<Gateway> {
  const address = new URL(
    await field("brokers.eventing.knative.dev", namespace, name, STATUS_ADDRESS),
  );
  const [service = "", serviceNamespace = ""] = address.hostname.split(".");
  const proxy = await openProxy(serviceNamespace, service, address.hostname);
  return { ...proxy, url: new URL(address.pathname, proxy.url).href };
}

const STATUS_ADDRESS = "{.status.address.url}";

async function field(kind: string, namespace: string, name: string, path: string): Promise<string> {
  return await kubectl(["get", kind, name, "-n", namespace, "-o", `jsonpath=${path}`]);
}

async function openProxy(namespace: string, service: string, host: string): Promise<Gateway> {
  await using opened = new AsyncDisposableStack();
  const way = opened.use(await openWayIn(namespace, service, 80));

  const forward = async (from: IncomingMessage, to: ServerResponse): Promise<void> => {
    const { method, url: path, headers } = from;
    const sent = request({
      host: way.host,
      port: way.port,
      method,
      path,
      agent: false,
      headers: { ...headers, host, connection: "close" },
    });
    const answered = once(sent, "response") as Promise<[IncomingMessage]>;
    await pipeline(from, sent);
    const [answer] = await answered;
    to.writeHead(answer.statusCode ?? 502, answer.headers);
    await pipeline(answer, to);
  };
  const server = createServer((from, to) => {
    forward(from, to).catch(() => to.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  opened.defer(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const closing = opened.move();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}
