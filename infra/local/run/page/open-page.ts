/** The page of the operator's tool, for the installation that runs here: its writes are on, and it shows the events too. */
import type { S3Client } from "@aws-sdk/client-s3";
import { makeConfigMapLedger } from "../../../../functions/platform/ledger/configmap-ledger.ts";
import { readConfig } from "../../../../functions/platform/settings/config.ts";
import { makePage, type Page } from "../../../operator/ui/page.ts";
import { CLAIMS, claimTerms } from "../../../operator/session/told-variables.ts";
import { accountHere } from "../../../operator/session/who.ts";
import { someCustomers } from "./some-customers.ts";
import { findTroubles, type Watched } from "./trouble.ts";

export interface PageParts extends Watched {
  /** Of its address; see `PageOptions`. */
  readonly base: string;
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly client: S3Client;
  readonly databaseUrl: string;
  readonly tick: () => Promise<void>;
}

/** At the router's address, beside its events. */
export function openPage(parts: PageParts): Page {
  const { functions, base, kubeconfig, namespace, client, databaseUrl, tick } = parts;
  const token = process.env["INTAKE_TOKEN"];
  return makePage({
    base,
    mayWrite: true,
    kubeconfig,
    namespace,
    tick,
    // Somebody waits in front of it: two tries, not the functions' four.
    ledger: makeConfigMapLedger({ namespace, kubeconfig, tries: 2 }),
    store: () => Promise.resolve(client),
    intake: () => Promise.resolve({ INTAKE_URL: functions["request-intake"], INTAKE_TOKEN: token }),
    source: "/local-page",
    who: () => Promise.resolve(`the page of make run (${accountHere()})`),
    onAct: () => undefined,
    troubles: () => findTroubles(parts),
    customers: () =>
      someCustomers(databaseUrl, process.env["ACCOUNT_VIEW"] || "statement_accounts"),
    // The functions have the environment of this process.
    terms: claimTerms(readConfig(CLAIMS, process.env)),
    words: {
      place: "make run on this machine",
      tool: "npx statements --local",
      again: "Start `make run` again in the project's folder: this page goes on by itself.",
    },
  });
}
