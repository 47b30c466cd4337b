import { readdir, readFile } from "node:fs/promises";
import { generatedFiles, REPOSITORY } from "../../infra/clients/contract/schemas.ts";

const files = await generatedFiles();

test.each([...files])(
  "%s is what `node infra/clients/contract/schemas.ts` writes",
  async (path, text) => {
    expect(await readFile(new URL(path, REPOSITORY), "utf8")).toBe(text);
  },
);

test.each(["eventing/schemas/", "eventing/event-types/"])(
  "%s holds nothing else",
  async (folder) => {
    const generated = [...files.keys()].filter((path) => path.startsWith(folder));
    const found = await readdir(new URL(folder, REPOSITORY));
    expect(found.map((name) => folder + name).toSorted()).toEqual(generated.toSorted());
  },
);
