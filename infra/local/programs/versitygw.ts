/** versitygw, an S3 server: what the tests take for S3, and the image of the `local` overlay. */
import { goProgram } from "./go-program.ts";

const VERSION = "v1.8.0";

/** Finds it on the PATH, or builds it once; answers its path. */
export function versitygw(): Promise<string> {
  return goProgram({
    name: "versitygw",
    version: VERSION,
    takes: "3 minutes",
    build: () => [
      "install",
      "-ldflags",
      "-s -w",
      `github.com/versity/versitygw/cmd/versitygw@${VERSION}`,
    ],
  });
}
