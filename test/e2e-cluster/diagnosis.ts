/** What a person would ask for after a failure, kept in a file while it is still there; one screen is printed. */
import { appendFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { kubectl } from "../../infra/kubernetes/deploy/kubectl.ts";
import { troubleOf } from "../../infra/kubernetes/deploy/trouble.ts";

const LOG_LINES = 120;
const SCREEN_LINES = 20;

interface Namespaces {
  readonly functions: string;
  readonly ledger: string;
}

const FOLDER = join(import.meta.dirname, "../../out/e2e");

/** Runs it; when it fails, writes the state of both namespaces to a file before the error goes on. */
export async function diagnosed<T>(
  what: string,
  { functions, ledger }: Namespaces,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    await mkdir(FOLDER, { recursive: true });
    const file = join(FOLDER, `${functions}-${what.replaceAll(/[^\w]+/g, "-").slice(0, 60)}.txt`);
    await writeFile(
      file,
      `${what}\n${error instanceof Error ? (error.stack ?? "") : String(error)}\n\n`,
    );
    const trouble = await troubleOf(functions).catch((cause: unknown) => [String(cause)]);
    const reason = error instanceof Error ? error.message : String(error);
    // Past jest's own console, which prints a stack beside each line.
    process.stderr.write(
      [`✗ ${what}: ${reason}`, ...trouble]
        .map((line) => line.slice(0, 500))
        .slice(0, SCREEN_LINES)
        .join("\n") + `\n  everything else: ${file}\n`,
    );
    const print = async (title: string, ask: () => Promise<string>): Promise<void> => {
      // A question that cannot be answered keeps no other from being asked.
      const text = await ask().catch((cause: unknown) => String(cause));
      await appendFile(file, `--- ${title}\n${text.trim()}\n\n`);
    };
    await print("what is wrong with the pods", () => Promise.resolve(trouble.join("\n")));
    for (const [title, args] of [
      ["objects", ["get", OBJECTS, "-n", functions]],
      ["pods", ["get", "pods", "-n", functions, "-o", "wide"]],
      ["events", ["get", "events", "-n", functions, "--sort-by=.lastTimestamp"]],
      ["records", ["get", "configmaps", "-n", ledger, "-o", "yaml"]],
      ["descriptions of the pods", ["describe", "pods", "-n", functions]],
    ] as const) {
      await print(title, async () => await kubectl(args));
    }
    for (const app of ["request-intake", "pending-scanner", "statement-builder", "sample-bank"]) {
      const selector = `app.kubernetes.io/name=${app}`;
      const args = ["logs", "-n", functions, "-l", selector, "-c", app, "--tail", `${LOG_LINES}`];
      await print(`logs of ${app}`, async () => {
        return await kubectl([...args, "--prefix"]).catch(async (error: unknown) => {
          return `${String(error)}\n${await logsOnThisNode(functions, app)}`;
        });
      });
    }
    throw error;
  }
}

const POD_LOGS = "/var/log/pods";

/** Where kubelet lets nobody read logs, and this machine is the node. */
async function logsOnThisNode(namespace: string, container: string): Promise<string> {
  const pods = await readdir(POD_LOGS).catch(() => []);
  const texts = pods
    .filter((pod) => pod.startsWith(`${namespace}_`))
    .map(async (pod) => {
      const folder = join(POD_LOGS, pod, container);
      const files = await readdir(folder).catch(() => []);
      const logs = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
      return logs.flatMap((log) => [pod, ...log.trimEnd().split("\n").slice(-LOG_LINES)]);
    });
  return (await Promise.all(texts)).flat().join("\n");
}

const OBJECTS = "ksvc,broker,trigger,pingsource,sinkbinding,jobsink,job,revision";
