/** `statements ui`: the page, for whatever installation the tool reaches. */
import { once } from "node:events";
import type { S3Client } from "@aws-sdk/client-s3";
import { Command, InvalidArgumentError } from "commander";
import { printAudit } from "../words/acts.ts";
import type { Session } from "../session/session.ts";
import { CLAIMS, claimTerms } from "../session/told-variables.ts";
import type { Store } from "../session/store-access.ts";
import { isBlockedPort } from "../ui/blocked-ports.ts";
import type { PageOptions, PageWords } from "../ui/page.ts";

interface UiOptions {
  readonly write?: boolean;
  readonly port?: number;
  readonly source: string;
}

export function uiCommand(session: Session): Command {
  return new Command("ui")
    .description(
      "Serves a page for this machine's browser: requests as they move, and their files.",
    )
    .option("--write", "let the page ask for statements, cancel, and try again")
    .option("-p, --port <number>", "to listen on (default: a free one)", parsePort)
    .option("--source <uri>", "of events that the page sends", "/statements-ui")
    .addHelpText(
      "after",
      `
It shows what is on its way, each request with its progress, why it failed and what to do; it fetches files,
proves them and shows their first rows and totals. Filters stand in the address, and so does one request.

The address that is printed has a key in it, new at each start: whoever has it sees what you may see, and
with --write does what you may do. It is answered on this machine alone, until Ctrl-C; from another one by
\`ssh -L 8090:127.0.0.1:8090 …\` and --port 8090.

Examples:
  statements ui
  statements --kubeconfig prod.yaml ui --port 8090
  statements --local ui --write`,
    )
    .action((options: UiOptions) => serve(session, options));
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new InvalidArgumentError("From 1 to 65535.");
  if (isBlockedPort(port))
    throw new InvalidArgumentError("No browser asks this port: choose another, such as 8090.");
  return port;
}

async function serve(
  session: Session,
  { write = false, port = 0, source }: UiOptions,
): Promise<void> {
  const { screen, signal, kubeconfig, config } = session;
  const { LEDGER_NAMESPACE: namespace } = config;
  const ledger = await session.ledger();
  // Whoever may not read it is told here, and not by an empty page.
  const pages = ledger.list({ status: ["processing"] }, signal);
  await pages[Symbol.asyncIterator]().next();
  const { servePage } = await import("../ui/server.ts");
  await using server = await servePage(port, {
    ledger,
    kubeconfig,
    namespace,
    source,
    mayWrite: write,
    words: await wordsOf(session),
    store: makeClients(session),
    intake: () => session.intake(),
    who: () => session.who(),
    onAct: (request, act) => printAudit(screen, request, act),
    troubles: makeTroubles(session),
    terms: claimTerms(await session.toldOrUsual("statement-builder", CLAIMS)),
  });
  screen.print(server.address);
  screen.note(
    write
      ? "it may ask, cancel and try again in your name: keep the address to yourself; Ctrl-C ends it"
      : "it only shows, --write lets it act: keep the address to yourself; Ctrl-C ends it",
  );
  if (!signal.aborted) await once(signal, "abort");
}

async function wordsOf({ kubeconfig, config, isLocal }: Session): Promise<PageWords> {
  const again = "Start `statements ui` again, and open the address that it prints.";
  if (isLocal) return { place: "make run on this machine", tool: "npx statements --local", again };
  const { KubeConfig } = await import("@kubernetes/client-node");
  const cluster = new KubeConfig();
  cluster.loadFromFile(kubeconfig);
  const context = cluster.getCurrentContext();
  const server = cluster.getCurrentCluster()?.server ?? "?";
  return {
    place: `${config.LEDGER_NAMESPACE} of ${context}, ${server}`,
    tool: "statements",
    again,
  };
}

/** A client for as long as its store is reached in that way: a forwarded port may close, and is opened anew. */
function makeClients(session: Session): PageOptions["store"] {
  let opened: { readonly store: Store; readonly client: Promise<S3Client> } | undefined;
  return async () => {
    const store = await session.store();
    if (opened?.store !== store) opened = { store, client: session.s3() };
    return await opened.client;
  };
}

/** kubectl is asked now and then, however many look. */
const LOOK_EVERY_MS = 20_000;

function makeTroubles(session: Session): PageOptions["troubles"] {
  let asked = -Infinity;
  let known: readonly string[] = [];
  return async () => {
    // What runs in `make run` is no pod.
    if (session.isLocal || performance.now() - asked < LOOK_EVERY_MS) return known;
    asked = performance.now();
    // Who may not see pods is shown requests all the same.
    known = await session.trouble().catch(() => []);
    return known;
  };
}
