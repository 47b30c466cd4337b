/** LibreOffice Calc without a window, as the spreadsheet that opens a table. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { debianProgram, type Program } from "./debian-program.ts";

export async function calc(): Promise<Program> {
  return await debianProgram("libreoffice-calc-nogui", ["soffice"]);
}

export interface ImportChoice {
  /** As the import dialog has them: a cell ends at each. */
  readonly separators: string;
  /** "Trim spaces". */
  readonly trims: boolean;
}

/** For each table, the formulas that the spreadsheet makes of its cells. */
export async function formulasIn(
  tables: readonly Uint8Array[],
  choice: ImportChoice,
): Promise<readonly (readonly string[])[]> {
  const opened = await openedIn(tables, choice);
  return opened.map((one) =>
    [...one.matchAll(/table:formula="([^"]*)"/g)].map(([, formula = ""]) => formula),
  );
}

/** For each table, what its cells show that show anything. */
export async function shownIn(
  tables: readonly Uint8Array[],
  choice: ImportChoice,
): Promise<readonly (readonly string[])[]> {
  const opened = await openedIn(tables, choice);
  return opened.map((one) =>
    [...one.matchAll(/<text:p>([^<]*)<\/text:p>/g)].map(([, shown = ""]) => shown),
  );
}

/** For each table, the spreadsheet as it is saved again (flat ODF). */
async function openedIn(
  tables: readonly Uint8Array[],
  { separators, trims }: ImportChoice,
): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "calc-"));
  try {
    const files = tables.map((_, n) => join(folder, `${n}.csv`));
    await Promise.all(tables.map((table, n) => writeFile(files[n] ?? "", table)));
    // Separators, quote, UTF-8, first line; then: quoted fields are no texts for that, numbers are
    // found, trimmed or not, every sheet, formulas are run. As the dialog has it when it opens.
    const codes = Array.from(separators, (one) => one.charCodeAt(0)).join("/");
    const choice = `${codes},34,76,1,,0,false,true,false,false,${trims},-1,true`;
    await (
      await calc()
    ).run(
      "--headless",
      `-env:UserInstallation=file://${join(folder, "profile")}`,
      `--infilter=Text - txt - csv (StarCalc):${choice}`,
      ...["--convert-to", "fods", "--outdir", join(folder, "opened")],
      ...files,
    );
    return await Promise.all(
      files.map(async (_, n) => await readFile(join(folder, "opened", `${n}.fods`), "utf8")),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
