/** `statements request` by somebody who has kubectl alone: as Knative lays it out, a gateway that goes by the host. */
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { kubectl } from "../../infra/kubernetes/deploy/kubectl.ts";
import { knativeCrds, serveCrds } from "../support/cluster/knative-crds.ts";
import { nodeServer } from "../support/cluster/node-server.ts";
import { patchStatus } from "../support/cluster/server-dry-run.ts";
import { makeTool } from "../support/operator/statements-tool.ts";

const id = randomBytes(3).toString("hex");
const [functions, ledger, gateway] = [
  `node-${id}-statements`,
  `node-${id}-requests`,
  `node-${id}-gateway`,
];
const HOST = `request-intake.${functions}.svc.cluster.local`;
const NODE = process.execPath;

/** Answers for its one host, as intake does; for any other 404, as a gateway does. */
const GATEWAY = `require("http").createServer((q, a) => {
  if (q.url === "/ready") return a.end();
  if (q.headers.host !== "${HOST}") return a.writeHead(404).end();
  a.writeHead(200, { "ce-subject": "record-of-" + q.headers["ce-subject"] }).end();
}).listen(8080)`;

beforeAll(async () => {
  for (const one of [functions, ledger, gateway]) await kubectl(["create", "namespace", one]);
});
afterAll(async () => {
  await kubectl(["delete", "namespace", functions, ledger, gateway, "--wait=false"]);
});

test("intake is found behind the gateway, whatever Knative calls it", async () => {
  const server = await nodeServer();
  await serveCrds(server, await knativeCrds("v0.47.0"));
  const folders = {
    "/usr": "/usr",
    "/lib": "/usr/lib",
    "/lib64": "/usr/lib64",
    "/node": dirname(NODE),
  };
  const mounts = Object.entries(folders);
  const labels = { app: "gateway" };
  const service = {
    apiVersion: "serving.knative.dev/v1",
    kind: "Service",
    metadata: { name: "request-intake", namespace: functions },
    spec: { template: { spec: { containers: [{ image: "dev.local/x:dev" }] } } },
  };
  const items = [
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "gateway", namespace: gateway, labels },
      spec: {
        automountServiceAccountToken: false,
        containers: [
          {
            name: "gateway",
            image: "dev.local/pause:v1",
            imagePullPolicy: "Never",
            command: ["/node/node", "-e", GATEWAY],
            readinessProbe: { httpGet: { path: "/ready", port: 8080 }, periodSeconds: 1 },
            volumeMounts: mounts.map(([mountPath], i) => ({
              name: `host-${i}`,
              mountPath,
              readOnly: true,
            })),
          },
        ],
        volumes: mounts.map(([, path], i) => ({ name: `host-${i}`, hostPath: { path } })),
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "internal", namespace: gateway },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
    // What a networking layer leaves for each Knative Service.
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "request-intake", namespace: functions },
      spec: { type: "ExternalName", externalName: `internal.${gateway}.svc.cluster.local` },
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "request-intake", namespace: ledger },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "request-intake" },
      subjects: [{ kind: "ServiceAccount", name: "request-intake", namespace: functions }],
    },
    service,
  ];
  await kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  await patchStatus(server, service, { address: { url: `http://${HOST}` } });
  await kubectl(["wait", "pod/gateway", "-n", gateway, "--for=condition=Ready", "--timeout=120s"]);
  const tool = makeTool({ KUBECONFIG: process.env["KUBECONFIG"] ?? "", LEDGER_NAMESPACE: ledger });
  const asked = await tool("request", "customer-000001", "2025-01-01", "2025-01-31");
  expect(asked).toEqual({ code: 0, stdout: "record-of-customer-000001\n", stderr: "" });
});
