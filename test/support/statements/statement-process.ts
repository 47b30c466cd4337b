/** Makes a statement in a process of its own, whose time zone is the environment's. */
import { readStatement } from "./read-statement.ts";
import { readTransactions, type Asked } from "./statement.ts";

const [databaseUrl = "", asked = ""] = process.argv.slice(2);
await using transactions = readTransactions(databaseUrl);
const { manifest, files } = await readStatement(transactions, JSON.parse(asked) as Asked);
// As of when it is stands in the manifest and in README.txt.
const { "manifest.json": _, "README.txt": __, SHA256SUMS: ___, ...tables } = files;
const listed = manifest.files.filter(({ path }) => path !== "README.txt");
const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
console.log(JSON.stringify({ zone, manifest: { ...manifest, as_of: "", files: listed }, tables }));
