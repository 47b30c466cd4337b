/** What the images stand on. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { byDigest } from "../../infra/kubernetes/images/container-engine.ts";
import { writeLocalBase } from "../../infra/kubernetes/images/local-base.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const RECIPES = join(REPOSITORY, "infra/kubernetes/images");

test("the base that is made here holds Node, what that needs, and no shell", async () => {
  const folder = await mkdtemp(join(tmpdir(), "base-"));
  try {
    await writeLocalBase(folder, { from: process.execPath, to: "usr/local/bin/node" });
    const entries = await readdir(join(folder, "root"), { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => !entry.isDirectory())
      .map(({ parentPath, name }) => join(parentPath, name).slice(join(folder, "root").length));
    const programs = files.filter((file) => /\/s?bin\//.test(file));
    expect(programs).toEqual(["/usr/local/bin/node"]);
    const rest = files.filter((file) => !programs.includes(file));
    const unknown = rest.filter(
      (file) =>
        !/\.so(\.\d+)*$|^\/etc\/(passwd|group|nsswitch.conf|ssl\/certs\/ca-certificates.crt)$/.test(
          file,
        ),
    );
    expect(unknown).toEqual([]);
    expect(await readFile(join(folder, "Containerfile"), "utf8")).toMatch(/^FROM scratch$/m);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("its Node is that of package-lock.json, which has it by hash", async () => {
  const lock = JSON.parse(await readFile(join(REPOSITORY, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<
      Record<string, { readonly version?: string; readonly integrity?: string }>
    >;
  };
  const node = lock.packages[`node_modules/node-linux-${process.arch}`];
  expect(`v${node?.version ?? ""}`).toBe(process.version);
  expect(node?.integrity).toMatch(/^sha512-/);
});

test("no recipe names an image by itself: each stands on nothing, or on what it is given", async () => {
  const names = (await readdir(RECIPES)).filter((name) => name.startsWith("Containerfile"));
  expect(names.length).toBeGreaterThanOrEqual(4);
  for (const name of names) {
    const recipe = await readFile(join(RECIPES, name), "utf8");
    const bases = [...recipe.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    expect(bases.length).toBeGreaterThan(0);
    for (const base of bases) expect(["scratch", "${BASE}"]).toContain(base);
    expect(recipe).not.toMatch(/^ARG BASE=/m);
  }
});

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

test.each([
  "node",
  "docker.io/library/node:24.21.0-bookworm-slim",
  "node@sha256:12",
  `node:${DIGEST}`,
])("a base of one's own is refused by a tag: %s", (image) => {
  expect(() => byDigest(image)).toThrow(`the base image ${image} is not given by its digest`);
});

test("and taken by its digest", () => {
  const image = `registry.example.com/node@${DIGEST}`;
  expect(byDigest(image)).toBe(image);
});
