/**
 * The database of the overlay `local` in a pod, on a node that is this machine: whoever may port-forward arrives
 * there as 127.0.0.1. Its programs are the node's own, so that no image has to be made.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createConnection } from "mysql2/promise";
import { openWayIn } from "../e2e-cluster/way-in.ts";
import { kubectl } from "../../infra/kubernetes/deploy/kubectl.ts";
import { findMariaDb } from "../../infra/local/programs/mariadb-programs.ts";
import { render } from "../support/cluster/kustomize.ts";

const IMAGES = join(import.meta.dirname, "../../infra/kubernetes/images");
/** As overlays/local has it. */
const PASSWORD = "sample-bank-only";
const namespace = `node-${randomBytes(3).toString("hex")}`;

beforeAll(async () => {
  await kubectl(["create", "namespace", namespace]);
});
afterAll(async () => {
  await kubectl(["delete", "namespace", namespace, "--wait=false"]);
});

test("a port-forward into the database's pod logs in nobody without a password", async () => {
  await using opened = new AsyncDisposableStack();
  const { baseDir } = await findMariaDb(() => undefined);
  const all = await render("infra/kubernetes/overlays/local");
  const service = all.find(
    ({ kind, metadata }) => kind === "Service" && metadata.name === "mariadb",
  );
  if (!service) throw new Error("overlays/local renders no Service mariadb");
  const folders = {
    "/usr": "/usr",
    "/bin": "/usr/bin",
    "/lib": "/usr/lib",
    "/lib64": "/usr/lib64",
  };
  const mounts = Object.entries({
    ...folders,
    "/etc": "/etc",
    [baseDir]: baseDir,
    "/image": IMAGES,
  });
  const empty = ["/var/lib/mysql", "/run/mysqld", "/tmp"];
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "mariadb", namespace, labels: { "app.kubernetes.io/name": "mariadb" } },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { fsGroup: 65532, runAsUser: 65532, runAsGroup: 65532 },
      containers: [
        {
          name: "mariadb",
          image: "dev.local/pause:v1",
          imagePullPolicy: "Never",
          command: ["/bin/sh", "/image/mariadb-entrypoint.sh"],
          env: [
            { name: "MARIADB_ROOT_PASSWORD", value: PASSWORD },
            { name: "MARIADB_BASE", value: baseDir },
            { name: "PATH", value: `${baseDir}/bin:${baseDir}/sbin:/usr/bin:/usr/sbin` },
          ],
          ports: [{ name: "mysql", containerPort: 3306 }],
          readinessProbe: { tcpSocket: { port: "mysql" }, periodSeconds: 1 },
          volumeMounts: [
            ...mounts.map(([mountPath], i) => ({ name: `host-${i}`, mountPath, readOnly: true })),
            ...empty.map((mountPath, i) => ({ name: `empty-${i}`, mountPath })),
          ],
        },
      ],
      volumes: [
        ...mounts.map(([, path], i) => ({ name: `host-${i}`, hostPath: { path } })),
        ...empty.map((_, i) => ({ name: `empty-${i}`, emptyDir: {} })),
      ],
    },
  };
  const moved = { ...service, metadata: { ...service.metadata, namespace } };
  const list = { apiVersion: "v1", kind: "List", items: [pod, moved] };
  await kubectl(["apply", "-f", "-"], JSON.stringify(list));
  await kubectl([
    "wait",
    "pod/mariadb",
    "-n",
    namespace,
    "--for=condition=Ready",
    "--timeout=180s",
  ]);
  const way = opened.use(await openWayIn(namespace, "mariadb", 3306));
  expect(way.host).toBe("127.0.0.1");
  const account = { host: way.host, port: way.port, user: "root" };
  await expect(createConnection(account)).rejects.toThrow("Access denied");
  const connection = await createConnection({ ...account, password: PASSWORD });
  opened.defer(() => connection.end());
  const [rows] = await connection.query("SELECT CURRENT_USER() AS me");
  expect(rows).toEqual([{ me: "root@%" }]);
});
