/** `statements link`: an address that gives the file to whoever has it, for a short while. */
import { setTimeout as sleep } from "node:timers/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { printAudit } from "../words/acts.ts";
import { formatDuration, parseDuration } from "../words/duration.ts";
import { findExecuted, findObject } from "../files/executed.ts";
import { unavailable, unmet } from "../words/exit.ts";
import { deskOf, recordAct } from "./operator-moves.ts";
import type { Session } from "../session/session.ts";

/** What Signature Version 4 allows. */
const LONGEST_MS = 7 * 86_400_000;

export function linkCommand(session: Session): Command {
  return new Command("link")
    .description("Prints a presigned address of a statement, and says when it really ends.")
    .argument("<name>", "of an executed request")
    .addOption(
      new Option("-e, --expires <time>", "how long it holds, at most 7d")
        .argParser(parseExpiry)
        .default(15 * 60_000, "15m"),
    )
    .addHelpText(
      "after",
      `
Whoever has the address has the file: send it to the customer alone, and keep it out of logs.
Of a store inside the cluster it leads through a port of this machine, as long as the command runs.

Examples:
  statements link transaction-request-customer-000001-1795434992079 --expires 1h
  curl -fOJ "$(statements link NAME)"`,
    )
    .action((name: string, { expires }: { readonly expires: number }) =>
      link(session, name, expires),
    );
}

function parseExpiry(text: string): number {
  const ms = parseDuration(text);
  if (ms > 0 && ms <= LONGEST_MS) return ms;
  throw new InvalidArgumentError("From 1s to 7d.");
}

async function link(session: Session, name: string, wantedMs: number): Promise<void> {
  const { screen, signal, now } = session;
  const request = await findExecuted(session, name);
  const { object, bytes } = request;
  const found = await findObject(await session.bucket(object.bucket), request, signal);
  if (found !== bytes) {
    throw unmet(
      `s3://${object.bucket}/${object.key} has ${found} bytes, and the record's file ${bytes}: it is another one, ` +
        "and no address of it is given; tell whoever owns the bucket",
    );
  }
  const client = await session.signer();
  const { presign } = await import("../../../functions/platform/store/presign.ts");
  const signed = await presign(client, object, { now: now(), forMs: wantedMs });
  // Before anybody has it: no address without a trace.
  const traced = await recordAct(await deskOf(session, name), "link");
  if (traced.kind === "moved") printAudit(screen, traced.before.facts.name, traced.act);
  screen.print(signed.url);
  const why = signed.endsWithCredentials ? ", with the credentials that signed it" : "";
  const left = formatDuration(signed.endsAt - now());
  screen.note(`ends ${new Date(signed.endsAt).toISOString()}, in ${left}${why}`);
  const { way, settings } = await session.store();
  if (!way) return;
  screen.note("it leads through this command to the store inside the cluster: Ctrl-C ends it");
  const { protocol, hostname, port } = new URL(signed.url);
  if (protocol === "https:")
    screen.note(
      `the certificate is the store's own, so the name has to lead here: curl --resolve ${hostname}:${port}:127.0.0.1 ` +
        `--cacert ${settings.caFile ?? "CA"} -fOJ ADDRESS`,
    );
  const over = sleep(signed.endsAt - now(), "over" as const, { signal });
  const end = await Promise.race([over, way.closed]);
  if (end !== "over") throw unavailable("the way to the store has closed; ask for another link");
}
