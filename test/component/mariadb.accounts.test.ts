/** The image's own entrypoint, on an empty data folder: who may log in to the sample bank of a cluster. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { freePort } from "../../infra/local/programs/free-port.ts";
import { findMariaDb } from "../../infra/local/programs/mariadb-programs.ts";
import { startProcess } from "../../infra/local/programs/server-process.ts";

const ENTRYPOINT = new URL("../../infra/kubernetes/images/mariadb-entrypoint.sh", import.meta.url)
  .pathname;
const PASSWORD = "of-this-test";

async function login(port: number, password?: string) {
  const account = { host: "127.0.0.1", port, user: "root", ...(password && { password }) };
  return await createConnection(account);
}

test("no account is without a password, also for whoever comes from the pod itself", async () => {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "mariadb-image-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  for (const name of ["data", "run"]) await mkdir(join(folder, name));
  const programs = await findMariaDb(() => undefined);
  const port = await freePort();
  const server = startProcess({
    name: "mariadb",
    command: "sh",
    // The last of two equal options counts.
    args: [ENTRYPOINT, `--port=${port}`, ...(process.getuid?.() === 0 ? ["--user=root"] : [])],
    env: {
      ...programs.env,
      PATH: [dirname(programs.mariadbd), dirname(programs.installDb), process.env["PATH"]].join(
        delimiter,
      ),
      MARIADB_ROOT_PASSWORD: PASSWORD,
      MARIADB_BASE: programs.baseDir,
      MARIADB_DATA: join(folder, "data"),
      MARIADB_RUN: join(folder, "run"),
    },
    logFile: join(folder, "log"),
  });
  opened.defer(() => server.stop());
  await server.ready(async () => {
    const connection = await login(port, PASSWORD).catch(() => undefined);
    await connection?.end();
    return connection !== undefined;
  });
  await expect(login(port)).rejects.toThrow("Access denied");
  const connection = await login(port, PASSWORD);
  opened.defer(() => connection.end());
  const [rows] = await connection.query<RowDataPacket[]>("SELECT User, Host FROM mysql.user");
  const accounts = rows.map(({ User, Host }) => `${String(User)}@${String(Host)}`);
  expect(accounts.filter((one) => !one.startsWith("mariadb.sys@"))).toEqual(["root@%"]);
}, 120_000);
