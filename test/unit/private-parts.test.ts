/** CONTRIBUTING's table of the private parts we hold is whole, and true where a machine can tell. */
import { existsSync, globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join } from "node:path";

const REPOSITORY = join(import.meta.dirname, "../..");
const read = async (file: string) => await readFile(join(REPOSITORY, file), "utf8");

interface Row {
  readonly name: string;
  readonly part: string;
  readonly where: readonly string[];
  readonly tests: readonly string[];
}

async function table(): Promise<readonly Row[]> {
  const [, section = ""] = (await read("CONTRIBUTING.md")).split("## Private parts of libraries");
  const [, ...lines] = section.split("\n## ")[0]?.match(/^\|.*\|$/gm) ?? [];
  return lines.slice(1).map((line) => {
    const [name = "", part = "", , where = "", tests = ""] = line
      .split("|")
      .slice(1)
      .map((cell) => cell.trim());
    const filesOf = (cell: string) =>
      [...cell.matchAll(/`([^`]+[.]ts)`/g)].map(([, file = ""]) => file);
    return { name, part, where: filesOf(where), tests: filesOf(tests) };
  });
}

test("each row names a package, files that are there, and a test that speaks of the part", async () => {
  const rows = await table();
  expect(rows.length).toBeGreaterThan(5);
  const { dependencies } = JSON.parse(await read("package.json")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  for (const { name, where, tests } of rows) {
    expect({ name, isKnown: name in dependencies || isBuiltin(name) }).toEqual({
      name,
      isKnown: true,
    });
    expect(where.length).toBeGreaterThan(0);
    expect(tests.length).toBeGreaterThan(0);
    expect([...where, ...tests].filter((file) => !existsSync(join(REPOSITORY, file)))).toEqual([]);
  }
});

/** What looks like somebody else's inside: a member with an underscore, a file below a package's `lib`. */
const INSIDE = [/[.](_[a-zA-Z]\w+)/g, /\breadonly (_\w+)/g, /from "([@\w-]+\/lib\/[^"]*)"/g];
/** Our own members of Node's streams, and a field of the Kubernetes API as its client spells it. */
const PROMISED = /^_(transform|flush|destroy|write|read|final|continue|tag)$/;

test("whoever reaches into a library stands in the table", async () => {
  const held = new Set((await table()).flatMap(({ where }) => where));
  const files = globSync("{functions,infra}/**/*.ts", { cwd: REPOSITORY });
  expect(files.length).toBeGreaterThan(200);
  const strangers: string[] = [];
  for (const file of files.filter((one) => !one.includes("/assembly/") && !held.has(one))) {
    const text = await read(file);
    for (const pattern of INSIDE)
      for (const [, part = ""] of text.matchAll(pattern))
        if (!PROMISED.test(part)) strangers.push(`${file}: ${part}`);
  }
  expect(strangers).toEqual([]);
});
