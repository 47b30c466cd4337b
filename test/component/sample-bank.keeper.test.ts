/** The program of the Deployment `sample-bank`, on a real MariaDB and S3 server that lose what they hold. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteBucketCommand, HeadBucketCommand } from "@aws-sdk/client-s3";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { STATEMENT_READER } from "../../infra/local/cluster/sample-bank/create-schema.ts";
import { freePort } from "../../infra/local/programs/free-port.ts";
import { startProcess } from "../../infra/local/programs/server-process.ts";
import { startTestMariaDb } from "../support/servers/mariadb.ts";
import { startS3Server } from "../support/servers/versitygw-server.ts";

const PROGRAM = new URL("../../infra/kubernetes/images/sample-bank.ts", import.meta.url).pathname;
const BUCKET = "bank-statements";

test("an emptied database and a bucket that is gone come back, and meanwhile it is not ready", async () => {
  await using opened = new AsyncDisposableStack();
  const server = opened.use(await startTestMariaDb({ database: "other" }));
  const store = opened.use(await startS3Server());
  const folder = await mkdtemp(join(tmpdir(), "sample-bank-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const keeper = startProcess({
    name: "sample-bank",
    command: process.execPath,
    args: [PROGRAM],
    env: {
      PATH: process.env["PATH"],
      DATABASE_URL: `${server.url}bank`,
      CUSTOMERS: "2",
      ROWS: "500",
      SEED: "1",
      ...store.env,
      S3_BUCKET: BUCKET,
      PORT: String(port),
    },
    logFile: join(folder, "log"),
  });
  opened.defer(() => keeper.stop());
  const isReady = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    return answer?.status === 200;
  };
  const rows = async () => {
    const { user, password } = STATEMENT_READER;
    const url = Object.assign(new URL(`${server.url}bank`), { username: user, password });
    const reader = await createConnection(url.href);
    try {
      const [found] = await reader.query<RowDataPacket[]>(
        "SELECT COUNT(*) AS n FROM statement_transactions",
      );
      return found[0]?.["n"] as unknown;
    } finally {
      await reader.end();
    }
  };
  const s3 = store.client();
  opened.defer(() => s3.destroy());
  const bucketIsThere = async () =>
    await s3.send(new HeadBucketCommand({ Bucket: BUCKET })).then(
      () => true,
      () => false,
    );

  await keeper.ready(isReady);
  expect(await rows()).toBe(500);
  expect(await bucketIsThere()).toBe(true);

  // What a new pod of each server holds: nothing.
  await server.execute(`DROP DATABASE bank; DROP USER ${STATEMENT_READER.user}`);
  await s3.send(new DeleteBucketCommand({ Bucket: BUCKET }));
  await keeper.ready(bucketIsThere);
  await keeper.ready(() => rows().then(isReady, () => false));
  expect(await rows()).toBe(500);

  await store.stop();
  await keeper.ready(async () => !(await isReady()));
  await store.start();
  await keeper.ready(isReady);
}, 240_000);
