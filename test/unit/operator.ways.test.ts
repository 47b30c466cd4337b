/** Ways into a cluster that the tool keeps open, and that close: a pod was moved, a network was away. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { on } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { REPOSITORY } from "../support/document-blocks.ts";

const BUILDER = {
  spec: {
    template: {
      spec: {
        containers: [
          {
            env: [
              { name: "S3_ENDPOINT", value: "http://store.statements.svc:9000" },
              { name: "S3_INSECURE", value: "true" },
              { name: "AWS_ACCESS_KEY_ID", value: "id" },
              { name: "AWS_SECRET_ACCESS_KEY", value: "secret" },
            ],
          },
        ],
      },
    },
  },
};

/** A kubectl whose forwarded ports are 20001, 20002 and so on, and close when their process is ended. */
const KUBECTL = `#!/bin/sh
cd "$(dirname "$0")"
case "$*" in
  *"get services.serving.knative.dev statement-builder"*) cat builder.json ;;
  *"get services.serving.knative.dev request-intake"*) printf http://request-intake.statements.svc ;;
  *"externalName"*) printf gateway.networking.svc ;;
  *"get service store"*) echo service/store ;;
  *"port-forward"*)
    echo $$ >> pids
    echo "Forwarding from 127.0.0.1:$((20000 + $(wc -l < pids))) -> 80"
    exec sleep 600 ;;
  *) exit 1 ;;
esac
`;

/** Says each new address of the store and of intake that the tool is led to. */
const ASK = `
  import { makeSession } from ${JSON.stringify(join(REPOSITORY, "infra/operator/session/session.ts"))};
  import { setTimeout as sleep } from "node:timers/promises";
  const { stdout, stderr, env } = process;
  const { signal } = new AbortController();
  const session = makeSession({ stdout, stderr, signal }, { KUBECONFIG: env.KUBECONFIG });
  const said = new Set();
  for (;;) {
    const { settings } = await session.store();
    const { INTAKE_URL, host } = await session.intake();
    for (const one of ["store " + settings.endpoint, "intake " + INTAKE_URL + " as " + host]) {
      if (!said.has(one)) console.log(one);
      said.add(one);
    }
    await sleep(10);
  }
`;

let folder: string;
let child: ChildProcessByStdio<null, Readable, null> | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ways-"));
  await writeFile(join(folder, "kubectl"), KUBECTL);
  await chmod(join(folder, "kubectl"), 0o755);
  await writeFile(join(folder, "builder.json"), JSON.stringify(BUILDER));
  await writeFile(join(folder, "kubeconfig"), "");
});
afterAll(async () => {
  child?.kill();
  // Its ways see nobody reading any more.
  for (const nth of [0, 1, 2, 3]) await close(nth).catch(() => undefined);
  await rm(folder, { recursive: true });
});

/** Of the nth way that was opened, from 0 on. */
async function close(nth: number): Promise<void> {
  const pids = (await readFile(join(folder, "pids"), "utf8")).trim().split("\n");
  process.kill(Number(pids[nth]));
}

test("there is one way to each, and it is opened anew when it has closed", async () => {
  child = spawn(process.execPath, ["--input-type=module", "-e", ASK], {
    env: {
      PATH: [folder, process.env["PATH"]].join(delimiter),
      KUBECONFIG: join(folder, "kubeconfig"),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = on(createInterface(child.stdout), "line");
  const next = async (): Promise<unknown> => ((await said.next()).value as [unknown])[0];
  expect(await next()).toBe("store http://127.0.0.1:20001");
  expect(await next()).toBe("intake http://127.0.0.1:20002/ as request-intake.statements.svc");
  await close(0);
  expect(await next()).toBe("store http://127.0.0.1:20003");
  await close(1);
  expect(await next()).toBe("intake http://127.0.0.1:20004/ as request-intake.statements.svc");
});
