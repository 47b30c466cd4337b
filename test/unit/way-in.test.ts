/** Which way tests of a cluster take, and that they say so: on a kubectl that forwards no port. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { REPOSITORY } from "../support/document-blocks.ts";

const KUBECTL = `#!/bin/sh
case "$*" in
  *port-forward*) echo "error: unable to upgrade connection: 403" >&2; exec sleep "\${LINGERS:-0}" ;;
  *clusterIP*) printf 127.0.0.1 ;;
esac
`;
const OPEN = `
  import { openWayIn } from ${JSON.stringify(join(REPOSITORY, "test/e2e-cluster/way-in.ts"))};
  await using way = await openWayIn("statements", "versitygw", Number(process.env.SERVICE_PORT), 2_000)
    .catch((error) => console.log(error.message));
`;

const server = createServer();
let folder: string;
let port: number;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "way-in-"));
  await writeFile(join(folder, "kubectl"), KUBECTL);
  await chmod(join(folder, "kubectl"), 0o755);
  await once(server.listen(0, "127.0.0.1"), "listening");
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

/** What it says, with a Service that answers at its own address. */
async function open(env: Readonly<Record<string, string>>): Promise<string> {
  const PATH = [folder, process.env["PATH"]].join(delimiter);
  const all = { ...env, PATH, SERVICE_PORT: String(port) };
  const args = ["--input-type=module", "-e", OPEN];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env: all });
  return stdout + stderr;
}

test("where port-forward is refused it fails with that, and goes no other way unasked", async () => {
  expect(await open({})).toMatch(/unable to upgrade connection: 403\n.*WAY_IN=cluster-ip/);
});

test("that stays the reason where it had to stop kubectl", async () => {
  expect(await open({ LINGERS: "60" })).toMatch(/unable to upgrade connection: 403\n/);
});

test("asked for the Service's own address it takes that, and says so", async () => {
  expect(await open({ WAY_IN: "cluster-ip" })).toBe(
    `way to service versitygw in statements: the Service's own address, 127.0.0.1:${port}\n`,
  );
});
