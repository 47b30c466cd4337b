/**
 * Runs the command blocks of the documents that are marked so, as they stand there, against one
 * installation of `make run`. Only what cannot be the same everywhere is put in their place:
 *
 * - the usual ports, which may be taken here: `localhost:8081` becomes that of this installation;
 * - `NAME` is a request that has failed, `STATEMENT.zip` a statement;
 * - `out/` is a folder of the test's own.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { isOnPath } from "../../infra/local/programs/executables.ts";
import { isFree } from "../../infra/local/programs/free-port.ts";
import { PORTS } from "../../infra/local/settings.ts";
import {
  blocksOf,
  documents,
  notPrinted,
  REPOSITORY,
  type Block,
} from "../support/document-blocks.ts";
import { startLocalRun, type LocalRun } from "../support/operator/local-run.ts";

const run = promisify(execFile);
const BLOCKS = documents().flatMap(blocksOf);

let outDir: string;
let offset: number;
let local: LocalRun;
let name: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), "documents-"));
  offset = await freeOffset();
  env = { ...process.env, OUT_DIR: outDir, PORT_OFFSET: String(offset) };
  env["PATH"] = [join(REPOSITORY, "node_modules/.bin"), env["PATH"]].join(delimiter);
  env["KUBECONFIG"] = join(outDir, "state/run/kubeconfig");
  local = startLocalRun("run", outDir, { PORT_OFFSET: String(offset) });
  await local.says(/What happens/, 120);
  const nobody = "npx statements --local request nobody 2025-01-01 2025-01-31 --wait || true";
  [name = ""] = (await run("bash", ["-c", nobody], { cwd: REPOSITORY, env })).stdout.split("\n");
}, 180_000);
afterAll(async () => {
  await local.interrupt();
  await local.ended;
  await rm(outDir, { recursive: true });
});

async function freeOffset(): Promise<number> {
  for (;;) {
    const some = 6_000 + Math.floor(Math.random() * 14_000);
    const free = await Promise.all(Object.values(PORTS).map((port) => isFree(port + some)));
    if (free.every(Boolean)) return some;
  }
}

function here(text: string): string {
  const [, file = ""] = /^▶ statement (\S+\.zip)$/m.exec(local.output()) ?? [];
  return text
    .replaceAll(/localhost:(\d{4})/g, (_, port: string) => `localhost:${Number(port) + offset}`)
    .replaceAll(/\bNAME\b/g, name)
    .replaceAll(/\bSTATEMENT\.zip\b/g, file)
    .replaceAll(/(?<=\s)out\//g, `${outDir}/`);
}

/** What a machine for the tests need not have: its blocks are told to have not been run. */
const lacksKubectl = !isOnPath("kubectl");
const needsKubectl = (block: Block): boolean => /^kubectl /m.test(block.text);

const runs = BLOCKS.flatMap((block) =>
  block.mark?.kind === "run" && !(lacksKubectl && needsKubectl(block))
    ? [[block.document, block.line, block.mark.prints, block] as const]
    : [],
);
if (lacksKubectl) test.todo("blocks with kubectl were not run: it is not at hand");

test.each(runs)(
  "%s:%d works, and prints %j",
  async (_document, _line, prints, { text }) => {
    const done = await run("bash", ["-eu", "-o", "pipefail", "-c", here(text)], {
      cwd: REPOSITORY,
      env,
    });
    expect(done.stdout).toContain(prints ?? "");
  },
  180_000,
);

// `make demo` is run, and held to what is shown of it, by demo.test.ts.
const shown = BLOCKS.flatMap((block) =>
  block.mark?.kind === "printed" && block.mark.command !== "make demo"
    ? [[block.document, block.line, block.mark.command, block] as const]
    : [],
);
test.each(shown)("%s:%d is what %s prints", async (_document, _line, command, block) => {
  const options = { cwd: REPOSITORY, env };
  const { stdout } = await run("bash", ["-c", `${here(command)} || true`], options);
  expect(notPrinted(block, stdout)).toEqual([]);
});
