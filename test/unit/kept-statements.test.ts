/** Statements of every version verify, by today's verifier and by the one they were shipped with. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { verifyStatement } from "../../functions/verification/verify-statement.ts";
import { keptVersions, readKept, type KeptVersion } from "../support/kept/kept-versions.ts";
import { chunks } from "../support/statements/sample-statement.ts";
import { sealedWithRows } from "../support/statements/sealed-statement.ts";
import { unzip } from "../support/statements/statement.ts";

const versions = await keptVersions();

test("there are statements of the versions before", () => {
  expect(versions).toContain("0.1.0");
});

describe.each(versions)("of version %s", (version) => {
  let kept: KeptVersion;
  beforeAll(async () => {
    kept = await readKept(version);
  });

  async function zipOf(file: string): Promise<Buffer> {
    return await readFile(join(kept.folder, file));
  }

  test("each is there as it was made, and no other", async () => {
    expect(kept.zips.toSorted()).toEqual(kept.statements.map(({ file }) => file).toSorted());
    for (const { file, sha256 } of kept.statements) {
      const found = createHash("sha256")
        .update(await zipOf(file))
        .digest("hex");
      expect([file, found]).toEqual([file, sha256]);
    }
  });

  test("each verifies, with its signature, and says what it said", async () => {
    expect(kept.statements.length).toBeGreaterThan(30);
    for (const { file, key, schema, rows, content_sha256, entries } of kept.statements) {
      const zip = await zipOf(file);
      const keys = key === null ? undefined : kept.keys;
      const byToday = await verifyStatement(chunks(zip), { keys });
      expect({ file, ...byToday }).toMatchObject({
        file,
        ok: true,
        manifest: { schema, rows, content_sha256, files: entries.map((path) => ({ path })) },
        signature: key === null ? "absent" : { keyId: key },
      });
      // Its own verifier has fewer words for who has signed.
      const { authentic: _, ...said } = byToday as typeof byToday & { authentic?: boolean };
      const byThen = await kept.verifyStatement(zip, undefined, { keys });
      expect(byThen).toEqual(key === null ? { ...said, signature: "unchecked" } : said);
    }
  });

  test("none verifies when a row says something else, although every hash fits", async () => {
    const plain = kept.statements.find(({ file }) => file === "plain.zip");
    const files = await unzip(await zipOf(plain?.file ?? ""));
    const csv = files["transactions.csv"] ?? "";
    expect(csv).toContain(",DBIT,-20.50,");
    const changed = sealedWithRows(files, csv.replace(",DBIT,-20.50,", ",DBIT,-20.51,"));
    expect(await verifyStatement(chunks(changed))).toMatchObject({ ok: false });
    expect(await kept.verifyStatement(changed)).toMatchObject({ ok: false });
    const same = sealedWithRows(files, csv);
    expect(await verifyStatement(chunks(same))).toMatchObject({ ok: true });
  });
});
