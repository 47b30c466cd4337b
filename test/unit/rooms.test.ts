/** A room can be overlooked at once, and a file can be read in one go. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY } from "../support/document-blocks.ts";

const MOST_FILES = 15;
const MOST_LINES = 400;

const HOUSES = ["functions", "infra/operator", "test/support"];

async function filesOf(house: string) {
  const options = { recursive: true, withFileTypes: true } as const;
  return (await readdir(join(REPOSITORY, house), options)).filter((entry) => entry.isFile());
}

test.each(HOUSES)("no folder of %s/ has more than 15 files", async (house) => {
  const counts = new Map<string, number>();
  for (const { parentPath } of await filesOf(house)) {
    counts.set(parentPath, (counts.get(parentPath) ?? 0) + 1);
  }
  expect(counts.size).toBeGreaterThan(5);
  expect([...counts].filter(([, count]) => count > MOST_FILES)).toEqual([]);
});

test("no source of functions/ has more than 400 lines", async () => {
  const sources = (await filesOf("functions")).filter(({ name }) => name.endsWith(".ts"));
  const lengths = await Promise.all(
    sources.map(async ({ parentPath, name }) => {
      const file = join(parentPath, name);
      return [file, (await readFile(file, "utf8")).split("\n").length - 1] as const;
    }),
  );
  expect(lengths.length).toBeGreaterThan(100);
  expect(lengths.filter(([, lines]) => lines > MOST_LINES)).toEqual([]);
});
