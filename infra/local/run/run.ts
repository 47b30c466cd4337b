/**
 * `make demo`: one statement from event to zip on this machine, shown step by step, exit 0.
 * `make run`: the same on state that is kept, and up until Ctrl-C.
 */
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { untilChildEnds } from "../programs/children.ts";
import { startInstallation } from "./installation.ts";
import { makeNarrator } from "./narrator.ts";
import { curlExample } from "./sample-request.ts";
import { claimFolder } from "../running.ts";
import { type LocalSettings, type Mode, readLocalSettings } from "../settings.ts";
import { type Scene, shownPath, tellEverything, tellSampleStory } from "./story.ts";

interface Ending {
  readonly kind: "done" | "stopped";
  /** The last line of the output. */
  readonly last: string;
}

/** Of a start: what lies there before it is another one's. */
interface Logs {
  readonly dir: string;
  areMine: boolean;
}

/** @throws Error with the next step; everything that was started is ended either way */
async function main(mode: Mode, settings: LocalSettings, logs: Logs): Promise<string> {
  const narrator = makeNarrator();
  const stopped = untilSignal();
  // Each demo begins with nothing; what `make run` holds is kept from start to start.
  const stateDir = join(settings.outDir, "state", mode);
  await using opened = new AsyncDisposableStack();
  const { dir: logDir } = logs;
  const claim = opened.use(await claimFolder(settings.outDir, mode, logDir));
  logs.areMine = true;
  if (mode === "demo") await rm(stateDir, { recursive: true, force: true });
  await rm(logDir, { recursive: true, force: true });
  await mkdir(logDir, { recursive: true });

  narrator.title(`Starting (logs in ${shownPath(logDir)}/)`);
  const { say } = narrator;
  const onDelivery = narrator.delivery;
  const starting = startInstallation({ settings, stateDir, logDir, say, onDelivery });
  const installation = opened.use(await starting);
  await claim.tell(installation);
  const scene = { installation, narrator, outDir: settings.outDir };
  const ending = await Promise.race([
    tell(mode, scene, settings),
    untilChildEnds(installation.children),
    stopped,
  ]);
  if (ending.kind === "child") throw new Error(ending.message);
  if (ending.kind === "stopped" && mode === "demo") throw new Error(ending.last);
  if (ending.kind === "stopped") narrator.title("Stopping; the next start goes on from here");
  return ending.last;
}

async function tell(mode: Mode, scene: Scene, settings: LocalSettings): Promise<Ending> {
  const { installation, narrator } = scene;
  const { path } = await tellSampleStory(scene, settings.request);
  const last = `statement ${shownPath(path)}`;
  if (mode === "demo") {
    narrator.title("`make run` stays up, with a page to look at");
    return { kind: "done", last };
  }

  narrator.title(last);
  narrator.title(`Up until Ctrl-C. Look at it: ${installation.pageUrl}`);
  narrator.title("Ask for another statement, there or here:");
  narrator.plain(curlExample(installation.intakeUrl));
  narrator.title("The ledger:");
  const { kubeconfig, namespace } = installation;
  narrator.plain("npx statements --local list");
  narrator.plain(`kubectl --kubeconfig ${shownPath(kubeconfig)} get configmaps -n ${namespace}`);
  narrator.title("What happens:");
  return await tellEverything(scene);
}

/** `make` and a group's signal may say it twice in one breath; said again later, it means now. */
const SAME_BREATH_MS = 1_000;

/** A later second signal ends the process at once, and the kernel its children. */
function untilSignal(): Promise<Ending> {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  let first: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    first ??= performance.now();
    if (performance.now() - first > SAME_BREATH_MS) process.exit(1);
    resolve({ kind: "stopped", last: `stopped by ${signal}` });
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal).on("SIGHUP", onSignal);
  return promise;
}

async function run(mode: Mode): Promise<number> {
  let logs: Logs | undefined;
  try {
    const settings = readLocalSettings(process.env);
    logs = { dir: join(settings.outDir, "logs"), areMine: false };
    const last = await main(mode, settings, logs);
    console.log(`\n${last}`);
    return 0;
  } catch (error) {
    console.error(`\n✗ ${error instanceof Error ? error.message : String(error)}`);
    if (logs?.areMine && existsSync(logs.dir))
      console.error(`  Logs of the functions: ${shownPath(logs.dir)}/`);
    return 1;
  }
}

const mode = process.argv[2];
if (mode !== "demo" && mode !== "run") throw new Error("usage: run.ts demo|run");
process.exit(await run(mode));
