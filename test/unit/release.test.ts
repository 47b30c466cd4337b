/** What a release changes by hand says the same version: the package, a statement's manifest, the overlay to copy. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { sampleZip } from "../support/statements/sample-statement.ts";
import { manifestOf } from "../support/statements/sealed-statement.ts";
import { unzip } from "../support/statements/statement.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const read = async (path: string) => await readFile(join(REPOSITORY, path), "utf8");
const { version } = JSON.parse(await read("package.json")) as { readonly version: string };

test("a statement names the version that made it", async () => {
  const { generator } = manifestOf(await unzip(await sampleZip()));
  expect(generator).toEqual({ name: "transactions-collector", version });
});

test("the overlay to copy takes the images of this version", async () => {
  const { images } = parse(
    await read("infra/kubernetes/overlays/production/kustomization.yaml"),
  ) as {
    readonly images: readonly { readonly newTag: string }[];
  };
  expect(images.map(({ newTag }) => newTag)).toEqual([version, version, version, version]);
});
