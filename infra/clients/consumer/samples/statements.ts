/**
 * A consumer of statements in TypeScript; runs as it is in Node 24.
 *
 *     node statements.ts event FILE   prints bucket and key of each statement that a message speaks of
 *     node statements.ts check FILE   exits with 1 unless it is a whole and right statement
 *
 * The message is what S3, SNS, SQS, EventBridge, MinIO, Ceph or versitygw sends, or a Lambda is called with.
 */
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { parseS3Event, verifyStatement } from "transactions-collector/consumer";

async function event(file: string): Promise<void> {
  // The queue delivers at least once; a real consumer keeps these beside its own data.
  const seen = new Set<string>();
  for (const one of parseS3Event(await readFile(file, "utf8"))) {
    switch (one.kind) {
      case "statement":
        if (!seen.has(one.dedupeKey)) console.log(one.bucket, one.key);
        seen.add(one.dedupeKey);
        break;
      case "unreadable":
        console.error(one.problem, one.messageId ?? "");
        process.exitCode = 1;
        break;
      case "ignored":
        break;
    }
  }
}

async function check(file: string): Promise<void> {
  const statement = await verifyStatement(createReadStream(file));
  if (statement.ok) {
    console.log(statement.manifest.statement_id);
  } else {
    console.error("does not verify:", ...statement.problems);
    process.exitCode = 1;
  }
}

const [command, file, ...more] = process.argv.slice(2);
const run = { event, check }[command ?? ""];
if (run && file !== undefined && more.length === 0) await run(file);
else {
  console.error("statements event|check FILE");
  process.exitCode = 2;
}
