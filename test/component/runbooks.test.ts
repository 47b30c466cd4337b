/** The steps of the runbooks that a cluster takes, as they stand there, on an API server with the installation. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { blocksOf, documents, REPOSITORY } from "../support/document-blocks.ts";
import { startKubeApiserver, type KubeApiserver } from "../support/servers/kube-apiserver.ts";
import { knativeCrds, serveCrds } from "../support/cluster/knative-crds.ts";

const run = promisify(execFile);
const blocks = documents()
  .flatMap(blocksOf)
  .flatMap(({ document, line, text, mark }) =>
    mark?.kind === "run-on-cluster" ? [[document, line, text] as const] : [],
  );

let server: KubeApiserver;
beforeAll(async () => {
  server = await startKubeApiserver();
  await serveCrds(server, await knativeCrds("v0.47.0"));
  await bash("kubectl apply -k infra/kubernetes/base");
}, 600_000);
afterAll(() => server[Symbol.asyncDispose]());

async function bash(text: string): Promise<string> {
  const env = { ...process.env, KUBECONFIG: server.kubeconfig };
  const options = { cwd: REPOSITORY, env };
  return (await run("bash", ["-eu", "-o", "pipefail", "-c", text], options)).stdout;
}

test("there are some", () => {
  expect(blocks.length).toBeGreaterThan(20);
});

test.each(blocks)("%s:%d runs", async (_document, _line, text) => {
  await bash(text);
});

test("what a page says is answered yes is", async () => {
  const asked = blocks.flatMap(([, , text]) => [...text.matchAll(/^kubectl auth can-i .*$/gm)]);
  const answers = await Promise.all(asked.map(([command]) => bash(command)));
  expect(new Set(answers)).toEqual(new Set(["yes\n"]));
});
