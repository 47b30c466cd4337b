/** MariaDB of Debian 13, beside the one of this machine. */
import { join } from "node:path";
import type { Log } from "../../../infra/local/programs/debian-packages.ts";
import type { MariaDbPrograms } from "../../../infra/local/programs/mariadb-programs.ts";
import { archivedServer } from "./debian-archive.ts";

const VERSION = "1:11.8.9+ds-0+deb13u1";

/** @throws Error where it cannot be had. */
export async function mariaDb11(log: Log): Promise<MariaDbPrograms> {
  const root = await archivedServer(
    {
      name: "mariadb-11.8.9",
      suite: "trixie",
      packages: [
        {
          name: "mariadb-server-core",
          version: VERSION,
          sha256: "0d14ff7db4b97ba76ece9e1531f509ce9d82d7c8eba6c56bcb569d87d0481654",
        },
        {
          name: "mariadb-client-core",
          version: VERSION,
          sha256: "33a191b771d7f0e85882dc2f4adabc57799fd7cec3b315ad4bd562e49cb0a11c",
        },
      ],
      without: [],
      programs: ["usr/sbin/mariadbd", "usr/bin/my_print_defaults"],
    },
    log,
  );
  return {
    mariadbd: join(root, "usr/sbin/mariadbd"),
    installDb: join(root, "usr/bin/mariadb-install-db"),
    baseDir: join(root, "usr"),
    env: process.env,
  };
}
