/**
 * A base image made of this machine's own files, for where no registry can be reached: Node as
 * package-lock.json names it, the libraries it needs, CA certificates, a user and /tmp.
 */
import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
const FILES = {
  "etc/passwd": "root:x:0:0:root:/:/none\nnonroot:x:65532:65532:nonroot:/app:/none\n",
  "etc/group": "root:x:0:\nnonroot:x:65532:\n",
  "etc/nsswitch.conf": "hosts: files dns\n",
  Containerfile:
    "FROM scratch\nCOPY root/ /\nENV PATH=/usr/local/bin:/usr/bin:/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt\n",
} as const;

/** Leaves in `folder` a `Containerfile` and what it takes. `program` is the binary it is for. */
export async function writeLocalBase(
  folder: string,
  program: { readonly from: string; readonly to: string },
): Promise<void> {
  const root = join(folder, "root");
  await rm(folder, { recursive: true, force: true });
  for (const [name, content] of Object.entries(FILES)) {
    await put(join(name === "Containerfile" ? folder : root, name), (to) => writeFile(to, content));
  }
  for (const file of await librariesOf(program.from)) {
    await put(join(root, file), (to) => copyFile(file, to));
  }
  await put(join(root, program.to), (to) => copyFile(program.from, to));
  await chmod(join(root, program.to), 0o755);
  await put(join(root, CERTIFICATES), (to) => copyFile(CERTIFICATES, to)).catch(() => undefined);
  await mkdir(join(root, "tmp"));
  await chmod(join(root, "tmp"), 0o1777);
}

async function put(file: string, write: (file: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await write(file);
}

/** Paths of the shared libraries and of the loader; none for a static program. */
async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await run("ldd", [program]).catch(() => ({ stdout: "" }));
  return [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, file]) => file ?? "");
}
