/** The program that builds images here: docker, podman or buildah, whichever really answers. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface ImageBuild {
  readonly image: string;
  readonly containerfile: string;
  readonly context: string;
  readonly args: Readonly<Record<string, string>>;
  /** Seconds since the epoch: the date of everything in the image. */
  readonly timestamp: string;
}

export interface ContainerEngine extends AsyncDisposable {
  readonly name: EngineName;
  /** Whether the image can be had from its registry. */
  pull(image: string): Promise<boolean>;
  build(build: ImageBuild): Promise<void>;
  /** Writes the image as an OCI archive. */
  save(image: string, file: string): Promise<void>;
}

const ENGINES = ["docker", "podman", "buildah"] as const;
type EngineName = (typeof ENGINES)[number];

/** Asks more than a version: a client can be there without the daemon that does the work. */
const PROBES: Readonly<Record<EngineName, readonly string[]>> = {
  docker: ["version", "--format", "{{.Server.Version}}"],
  podman: ["info"],
  buildah: ["info"],
};

/**
 * The image, as it must be given: a tag may mean something else tomorrow.
 *
 * @throws Error with the next step
 */
export function byDigest(image: string): string {
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return image;
  throw new Error(
    `the base image ${image} is not given by its digest. Next step: NAME@sha256:…, as your registry shows it`,
  );
}

/**
 * @param wanted one of them by name; otherwise the first that answers. Where none does, buildah is
 * installed, on Debian, as root.
 * @param folder for what buildah keeps while it works.
 * @throws Error with the next step
 */
export async function findEngine(
  wanted: string | undefined,
  folder: string,
): Promise<ContainerEngine> {
  for (const name of ENGINES) {
    if (wanted !== undefined && name !== wanted) continue;
    if (await answers(name)) return await makeEngine(name, folder);
  }
  if (wanted === undefined && process.getuid?.() === 0 && existsSync("/etc/debian_version")) {
    console.log("no docker, podman or buildah answers: installing Debian's buildah (once) …");
    await installDebian("buildah");
    if (await answers("buildah")) return await makeEngine("buildah", folder);
  }
  throw new Error(
    `${wanted ?? "none of docker, podman and buildah"} does not answer. Next step: start the docker ` +
      "daemon, or install buildah or podman; ENGINE=… picks one of them.",
  );
}

async function answers(name: EngineName): Promise<boolean> {
  try {
    await run(name, [...PROBES[name]], { timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
}

export async function installDebian(...packages: readonly string[]): Promise<void> {
  const install = ["-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends"];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const options = { env, maxBuffer: Infinity };
  try {
    await run("apt-get", [...install, ...packages], options);
  } catch {
    await run("apt-get", ["update"], options);
    await run("apt-get", [...install, ...packages], options);
  }
}

async function makeEngine(name: EngineName, folder: string): Promise<ContainerEngine> {
  const storage = join(folder, "containers");
  const global = name === "buildah" ? buildahOptions(storage) : [];
  if (name === "buildah") await mkdir(storage, { recursive: true });
  const act = async (...args: readonly string[]) => await show(name, [...global, ...args]);
  return {
    name,
    async pull(image) {
      try {
        await run(name, [...global, "pull", image], { maxBuffer: Infinity });
        return true;
      } catch {
        return false;
      }
    },
    async build({ image, containerfile, context, args, timestamp }) {
      await act(
        "build",
        ...Object.entries(args).map(([key, value]) => `--build-arg=${key}=${value}`),
        ...(name === "docker" ? [] : [`--timestamp=${timestamp}`, "--pull=never"]),
        // Inside a container itself there is neither a runtime nor a namespace to be had.
        ...(name === "buildah"
          ? [`--isolation=${process.env["BUILDAH_ISOLATION"] ?? "chroot"}`]
          : []),
        `--file=${containerfile}`,
        `--tag=${image}`,
        context,
      );
    },
    async save(image, file) {
      await rm(file, { force: true });
      if (name === "docker") await act("save", "--output", file, image);
      else if (name === "podman")
        await act("save", "--format=oci-archive", "--output", file, image);
      else await act("push", "--quiet", image, `oci-archive:${file}:${image}`);
    },
    async [Symbol.asyncDispose]() {
      if (name !== "buildah") return;
      await rm(storage, { recursive: true, force: true });
    },
  };
}

/** A storage of its own, with the driver that works everywhere, removed in the end. */
function buildahOptions(storage: string): readonly string[] {
  const driver = process.env["STORAGE_DRIVER"] ?? "vfs";
  return [
    `--root=${join(storage, "root")}`,
    `--runroot=${join(storage, "run")}`,
    `--storage-driver=${driver}`,
  ];
}

async function show(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code === 0) return;
  throw new Error(`${command} ${args.join(" ")} failed (${code}):\n${output.trimEnd()}`);
}
