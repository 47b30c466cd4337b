/** `make images IMAGES=…` by its names, of which none is passed over. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { REPOSITORY } from "../support/document-blocks.ts";

test("an image that there is not is said, beside one that there is too, and none is made", async () => {
  const program = join(REPOSITORY, "infra/kubernetes/images/images.ts");
  const run = promisify(execFile)(process.execPath, [program, "request-intake", "requst-intake"]);
  await expect(run).rejects.toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(
      /^no image is named requst-intake: there are request-intake, .*, status-api, .*versitygw\n$/,
    ) as string,
  });
});
