/** The cluster that `kubectl` is set to, through `kubectl` itself: it has everybody's credentials. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

/** What every object has; the rest as the kind has it. */
export interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

export class KubectlError extends Error {
  override readonly name = "KubectlError";
  /** What kubectl said. */
  readonly stderr: string;

  constructor(args: readonly string[], stderr: string) {
    super(`kubectl ${args.join(" ")}\n${stderr.trim()}`);
    this.stderr = stderr;
  }
}

/** Answers what kubectl prints. @throws KubectlError, also when there is no kubectl. */
export async function kubectl(args: readonly string[], input = ""): Promise<string> {
  const child = spawn("kubectl", args, { stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  // It may end without reading what it is given; its exit code says why.
  child.stdin.on("error", () => undefined).end(input);
  const [code, stdout, stderr] = await Promise.all([
    ended.catch((error: unknown) => error as NodeJS.ErrnoException),
    text(child.stdout),
    text(child.stderr),
  ]);
  if (code === 0) return stdout;
  const reason =
    code instanceof Error && code.code === "ENOENT" ? "kubectl is not installed" : stderr;
  throw new KubectlError(args, reason);
}

/** The live objects of these manifests; those that are not there are left out. */
export async function liveObjects(manifests: string): Promise<readonly ClusterObject[]> {
  const json = await kubectl(["get", "-f", "-", "--ignore-not-found", "-o", "json"], manifests);
  if (json.trim() === "") return [];
  const found = JSON.parse(json) as ClusterObject & { readonly items?: readonly ClusterObject[] };
  return found.kind === "List" ? (found.items ?? []) : [found];
}
