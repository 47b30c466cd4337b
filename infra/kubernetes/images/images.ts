/**
 * `make images`: an image of each function, and of what the `local` overlay needs beside them, in
 * the engine's own store where it has one, and as OCI archives `dist/images/<name>.tar`.
 */
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { versitygw as versitygwProgram } from "../../local/programs/versitygw.ts";
import { FUNCTION_NAMES } from "../../../functions/domain/function-names.ts";
import { byDigest, findEngine, installDebian, type ContainerEngine } from "./container-engine.ts";
import { writeLocalBase } from "./local-base.ts";

const run = promisify(execFile);

const REPOSITORY = join(import.meta.dirname, "../../..");
const PROGRAMS = join(REPOSITORY, "dist/programs");
const ARCHIVES = join(REPOSITORY, "dist/images");

const SAMPLES = ["sample-bank", "mariadb", "versitygw"] as const;
/** Programs of ours; the other samples are somebody else's. */
const BUNDLED = [...FUNCTION_NAMES, "status-api", SAMPLES[0]] as const;
const IMAGES: readonly string[] = [...new Set<string>([...BUNDLED, ...SAMPLES])];

interface Shop {
  readonly engine: ContainerEngine;
  readonly folder: string;
  readonly timestamp: string;
  readonly nameOf: (image: string) => string;
}

async function main(wanted: readonly string[]): Promise<void> {
  const unknown = wanted.filter((name) => !IMAGES.includes(name));
  if (unknown.length > 0) {
    console.error(`no image is named ${unknown.join(" or ")}: there are ${IMAGES.join(", ")}`);
    process.exitCode = 1;
    return;
  }
  const { IMAGE_PREFIX = "", TAG = "", BASE, ENGINE } = process.env;
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "images-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const engine = opened.use(await findEngine(ENGINE || undefined, folder));
  const revision = await git("rev-parse", "HEAD");
  const timestamp = (await git("log", "-1", "--format=%ct")) || "0";
  const shop: Shop = {
    engine,
    folder,
    timestamp,
    nameOf: (image) => `${IMAGE_PREFIX}/${image}:${TAG}`,
  };
  await mkdir(ARCHIVES, { recursive: true });
  console.log(`with ${engine.name}`);
  const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name);

  const programs = BUNDLED.filter(isWanted);
  if (programs.length > 0) {
    const base = await nodeBase(shop, BASE);
    for (const name of programs) {
      await make(shop, name, {
        containerfile: join(import.meta.dirname, "Containerfile"),
        context: PROGRAMS,
        args: { FUNCTION: name, BASE: base, VERSION: TAG, REVISION: revision || "unknown" },
      });
      await copyFile(join(PROGRAMS, name, "sbom.cdx.json"), join(ARCHIVES, `${name}.cdx.json`));
    }
  }
  if (isWanted("mariadb")) await mariaDb(shop);
  if (isWanted("versitygw")) await versitygw(shop);
}

async function make(
  { engine, timestamp, nameOf }: Shop,
  name: string,
  recipe: { containerfile: string; context: string; args: Readonly<Record<string, string>> },
): Promise<void> {
  const image = nameOf(name);
  const file = join(ARCHIVES, `${name}.tar`);
  await engine.build({ image, timestamp, ...recipe });
  await engine.save(image, file);
  const { size } = await stat(file);
  console.log(
    `${String(Math.round(size / 1e6)).padStart(5)} MB  dist/images/${name}.tar  ${image}`,
  );
}

/** The image named, or one of this machine's files: without a shell, and with nothing of a registry. */
async function nodeBase(shop: Shop, wanted = ""): Promise<string> {
  if (wanted !== "" && wanted !== "local") return await pulled(shop, wanted);
  console.log("base: Node of package-lock.json, and libraries of this machine");
  const folder = join(shop.folder, "base");
  await writeLocalBase(folder, { from: process.execPath, to: "usr/local/bin/node" });
  const base = shop.nameOf("local-base");
  const { timestamp } = shop;
  const recipe = { containerfile: join(folder, "Containerfile"), context: folder, args: {} };
  await shop.engine.build({ image: base, timestamp, ...recipe });
  return base;
}

async function pulled({ engine }: Shop, image: string): Promise<string> {
  if (await engine.pull(byDigest(image))) return image;
  throw new Error(`the base image ${image} is not available`);
}

const DEBIAN_RELEASE = "bookworm";

async function mariaDb(shop: Shop): Promise<void> {
  const context = join(shop.folder, "mariadb");
  await mkdir(context);
  const entrypoint = "mariadb-entrypoint.sh";
  await copyFile(join(import.meta.dirname, entrypoint), join(context, entrypoint));
  const containerfile = join(import.meta.dirname, "Containerfile.mariadb");
  const wanted = process.env["DEBIAN_BASE"] ?? "";
  const base = wanted === "" ? await debianBase(shop) : await pulled(shop, wanted);
  await make(shop, "mariadb", { containerfile, context, args: { BASE: base } });
}

/** Debian with the packages, put together on this machine. */
async function debianBase(shop: Shop): Promise<string> {
  console.log("base of mariadb: Debian's packages, unpacked on this machine");
  const folder = join(shop.folder, "debian");
  await mkdir(folder);
  const tar = join(folder, "root.tar");
  const args = [
    "--variant=essential",
    "--include=mariadb-server-core,mariadb-client-core",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    DEBIAN_RELEASE,
    tar,
  ];
  const env = { ...process.env, SOURCE_DATE_EPOCH: shop.timestamp };
  const mmdebstrap = async () => await run("mmdebstrap", args, { env, maxBuffer: Infinity });
  try {
    await mmdebstrap();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    if (process.getuid?.() !== 0) {
      const next =
        "install it, or give DEBIAN_BASE=debian@sha256:…, or leave mariadb out (IMAGES=)";
      throw new Error(`mmdebstrap is not there. Next step: ${next}`, { cause: error });
    }
    await installDebian("mmdebstrap");
    await mmdebstrap();
  }
  const containerfile = join(import.meta.dirname, "Containerfile.debian");
  const image = shop.nameOf("local-debian");
  const { timestamp } = shop;
  await shop.engine.build({ image, timestamp, containerfile, context: folder, args: {} });
  return image;
}

async function versitygw(shop: Shop): Promise<void> {
  const context = join(shop.folder, "versitygw");
  await writeLocalBase(context, { from: await versitygwProgram(), to: "versitygw" });
  const containerfile = join(import.meta.dirname, "Containerfile.versitygw");
  await make(shop, "versitygw", { containerfile, context, args: {} });
}

/** Empty where this is no git repository. */
async function git(...args: readonly string[]): Promise<string> {
  const { stdout } = await run("git", args, { cwd: REPOSITORY }).catch(() => ({ stdout: "" }));
  return stdout.trim();
}

await main(process.argv.slice(2));
