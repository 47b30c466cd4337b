/**
 * Ceph's object gateway over a real cluster, the smallest there is: one monitor, and one OSD that
 * keeps everything in memory. They live as long as the store does, also while the gateway is away.
 */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Log } from "../../../infra/local/programs/debian-packages.ts";
import { freePort } from "../../../infra/local/programs/free-port.ts";
import { startServer, type ServerCommand } from "../../../infra/local/programs/server-process.ts";
import { startStoreProgram, type S3Keys, type S3Server } from "../servers/s3-server.ts";
import { archivedServer } from "./debian-archive.ts";

const run = promisify(execFile);

const VERSION = "20.2.4+ds-2";
const ofCeph = (name: string): string => `${name}=${VERSION}`;
const CEPH = {
  name: `ceph-rgw-${VERSION}`,
  suite: "sid",
  packages: [
    {
      name: "radosgw",
      version: VERSION,
      sha256: "3e1e3879309f938b3b25b0f8a7aaacfb6cc0534c00b63532f525f932bf9d90e0",
    },
    {
      name: "ceph-mon",
      version: VERSION,
      sha256: "46a4ee414cd76b86d1f437d93986c895a04c70f07e7a81312385fef1381485ad",
    },
    {
      name: "ceph-osd",
      version: VERSION,
      sha256: "df3cc9f244ff518f92ac13714bb851a177c9819ffca1674f0d37a62b6a55628e",
    },
  ],
  // The command line, which is Python, and what looks after disks.
  without: [
    ...["python3", "python3-requests", "python3-packaging", "python3-prettytable"],
    ...["python3-ceph-argparse", "python3-ceph-common", "python3-cephfs", "python3-rados"].map(
      ofCeph,
    ),
    ...["python3-rbd", "ceph-volume"].map(ofCeph),
    ...["adduser", "binutils", "cryptsetup-bin", "debconf", "e2fsprogs", "gdisk", "hdparm"],
    ...["init-system-helpers", "logrotate", "lvm2", "media-types", "nvme-cli", "openssl"],
    ...["parted", "passwd", "procps", "psmisc", "smartmontools", "sudo", "systemd", "tzdata"],
    ...["ucf", "uuid-runtime", "xfsprogs"],
  ],
  programs: [
    ...["radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph-authtool"],
    ...["monmaptool", "osdmaptool"],
  ].map((name) => `usr/bin/${name}`),
} as const;

/** Installs it once. @throws Error where it cannot be had. */
export async function cephRgw(log: Log): Promise<string> {
  return await archivedServer(CEPH, log);
}

export async function startCephRgw(): Promise<S3Server> {
  const root = await cephRgw(console.log);
  const program = (name: string): string => join(root, "usr/bin", name);
  return await startStoreProgram(async (folder, keys, opened) => {
    const cluster = await makeCluster(folder, root);
    const daemon = (name: string, args: readonly string[]): ServerCommand => ({
      name,
      command: program(name),
      args: ["-c", cluster.config, ...args, "-f"],
      logFile: join(folder, `${name}.log`),
    });
    await makeFileSystems(cluster, program);
    const monitor = await startServer(
      () => daemon("ceph-mon", ["-i", "a"]),
      async () => await logHas(join(folder, "ceph-mon.log"), "(leader)"),
      cluster.port,
    );
    opened.defer(() => monitor.kill());
    const osd = await startServer(
      () => daemon("ceph-osd", ["-i", "0"]),
      async () => await logHas(join(folder, "ceph-osd.log"), "start_boot"),
    );
    opened.defer(() => osd.kill());
    await createOwner(cluster, program, keys);
    return (port) => {
      const frontend = `--rgw-frontends=beast endpoint=127.0.0.1:${port}`;
      return daemon("radosgw", ["-n", "client.rgw", frontend]);
    };
  });
}

interface Cluster {
  readonly folder: string;
  readonly config: string;
  readonly keyring: string;
  readonly fsid: string;
  /** Of the monitor. */
  readonly port: number;
}

type ProgramPath = (name: string) => string;

async function makeCluster(folder: string, root: string): Promise<Cluster> {
  const port = await freePort();
  const [fsid, config, keyring] = [
    randomUUID(),
    join(folder, "ceph.conf"),
    join(folder, "keyring"),
  ];
  for (const name of ["mon", "osd"]) await mkdir(join(folder, name));
  const libraries = join(root, "usr/lib/x86_64-linux-gnu");
  const settings = {
    fsid,
    "mon host": `v2:127.0.0.1:${port}`,
    "mon initial members": "a",
    "public addr": "127.0.0.1",
    "ms bind msgr1": "false",
    keyring,
    "mon data": join(folder, "mon"),
    "osd data": join(folder, "osd"),
    "run dir": folder,
    "crash dir": folder,
    "admin socket": "",
    "log to stderr": "true",
    "mon cluster log to file": "false",
    "debug rocksdb": "0/0",
    // Debian builds in paths that are relative to the folder that a daemon is started in.
    "plugin dir": join(libraries, "ceph"),
    "erasure code dir": join(libraries, "ceph/erasure-code"),
    "osd class dir": join(libraries, "rados-classes"),
    "osd objectstore": "memstore",
    "memstore device bytes": String(2 ** 32),
    "osd crush chooseleaf type": "0",
    "osd pool default size": "1",
    "osd pool default pg num": "1",
    "osd pool default pg autoscale mode": "off",
    "mon allow pool size one": "true",
    // A full disk of this machine is nothing to objects that are kept in memory.
    "mon data avail crit": "1",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  await writeFile(config, `[global]\n${lines.join("")}`);
  return { folder, config, keyring, fsid, port };
}

const RIGHTS: Readonly<Record<string, readonly string[]>> = {
  "mon.": ["--cap", "mon", "allow *"],
  "osd.0": ["--cap", "mon", "allow profile osd", "--cap", "osd", "allow *"],
  "client.rgw": ["--cap", "mon", "allow rw", "--cap", "osd", "allow rwx"],
};

async function makeFileSystems(cluster: Cluster, program: ProgramPath): Promise<void> {
  const { folder, config, keyring, fsid, port } = cluster;
  await run(program("ceph-authtool"), ["--create-keyring", keyring]);
  for (const [name, rights] of Object.entries(RIGHTS)) {
    await run(program("ceph-authtool"), [keyring, "--gen-key", "-n", name, ...rights]);
  }
  const [monmap, osdmap] = [join(folder, "monmap"), join(folder, "osdmap")];
  const address = `[v2:127.0.0.1:${port}]`;
  await run(program("monmaptool"), ["--create", "--fsid", fsid, "--addv", "a", address, monmap]);
  // With the OSD in it: nobody has to make it known by the command line, which is Python.
  await run(program("osdmaptool"), ["--createsimple", "1", osdmap]);
  const maps = ["--monmap", monmap, "--osdmap", osdmap, "--keyring", keyring];
  const output = { maxBuffer: Infinity };
  await run(program("ceph-mon"), ["-c", config, "--mkfs", "-i", "a", ...maps], output);
  await run(program("ceph-osd"), ["-c", config, "--mkfs", "-i", "0", "--no-mon-config"], output);
}

/** Waits for the cluster, and makes the gateway's pools on the way. */
async function createOwner(
  { config }: Cluster,
  program: ProgramPath,
  { accessKeyId, secretAccessKey }: S3Keys,
): Promise<void> {
  await run(program("radosgw-admin"), [
    ...["-c", config, "-n", "client.rgw", "user", "create", "--uid=owner", "--display-name=owner"],
    ...[`--access-key=${accessKeyId}`, `--secret-key=${secretAccessKey}`],
  ]);
}

async function logHas(file: string, words: string): Promise<boolean> {
  return (await readFile(file, "utf8").catch(() => "")).includes(words);
}
