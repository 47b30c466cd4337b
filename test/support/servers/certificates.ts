/** A certificate authority of a test's own, and server certificates of it. */
import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Authority extends AsyncDisposable {
  /** PEM. */
  readonly ca: string;
  readonly caFile: string;
  /** For servers that are reached under this name, such as `IP:127.0.0.1` or `DNS:localhost`. */
  issue(name: string): Promise<ServerCertificate>;
}

export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];

export async function makeAuthority(): Promise<Authority> {
  const folder = await mkdtemp(join(tmpdir(), "certificates-"));
  // A database server reads them as a user of its own.
  await chmod(folder, 0o755);
  const path = (name: string) => join(folder, name);
  const openssl = (...args: string[]): void => {
    execFileSync("openssl", args, { stdio: "ignore", cwd: folder });
  };
  const subject = ["-subj", "/CN=Test authority"];
  openssl("req", "-x509", ...NEW_KEY, "-keyout", "ca.key", "-out", "ca.pem", ...subject);
  let issued = 0;
  return {
    ca: await readFile(path("ca.pem"), "utf8"),
    caFile: path("ca.pem"),
    async issue(name) {
      const [certFile, keyFile] = [path(`${++issued}.pem`), path(`${issued}.key`)];
      openssl(
        "req",
        "-x509",
        ...NEW_KEY,
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-keyout",
        keyFile,
        "-out",
        certFile,
        "-subj",
        "/CN=Test server",
        "-addext",
        `subjectAltName=${name}`,
        "-addext",
        "basicConstraints=critical,CA:FALSE",
      );
      await chmod(keyFile, 0o644);
      const [cert, key] = await Promise.all([
        readFile(certFile, "utf8"),
        readFile(keyFile, "utf8"),
      ]);
      return { cert, key, certFile, keyFile };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
