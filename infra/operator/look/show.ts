/** `statements show`: the fields of requests as their records have them. */
import { Command, Option } from "commander";
import { actsOf } from "../words/acts.ts";
import { toYaml } from "./list.ts";
import { toJson } from "../../../functions/platform/ledger/configmap-record.ts";
import type { Session } from "../session/session.ts";

export function showCommand(session: Session): Command {
  return new Command("show")
    .description("Shows all fields of requests.")
    .argument("<name...>", "of the requests")
    .addOption(new Option("-o, --output <form>", "form").choices(["yaml", "json"]).default("yaml"))
    .addHelpText(
      "after",
      `
Examples:
  statements show transaction-request-customer-000001-1795434992079
  statements show NAME -o json | jq -r .sha256`,
    )
    .action(async (names: readonly string[], { output }: { readonly output: "yaml" | "json" }) => {
      const found: Awaited<ReturnType<typeof showOne>>[] = [];
      for (const name of names) found.push(await showOne(session, name));
      const shown = found.length === 1 ? found[0] : found;
      session.screen.printDocument(
        output === "json" ? JSON.stringify(shown, null, 2) : await toYaml(shown),
      );
    });
}

async function showOne(session: Session, name: string) {
  const stored = await session.find(name);
  const acts = actsOf(stored);
  return { ...toJson(stored.request), ...(acts.length > 0 && { acts }) };
}
