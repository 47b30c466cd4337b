/** Events between the functions and the Broker, as the router routes them, for the page's picture. Pure. */
import { FUNCTION_NAMES, type FunctionName } from "../../../../functions/domain/function-names.ts";
import type { Travel } from "../../../operator/ui/travels.ts";
import type { DeliveryReport, EventReport } from "../../cluster/router/broker.ts";
import { PING_TYPE } from "../../cluster/router/ping-source.ts";

export function travelsOfEvent({ type, source, subject, to }: EventReport): readonly Travel[] {
  if (type === PING_TYPE) {
    return [
      { from: "clock", to: "pending-scanner", what: "tick", subject },
      { from: "ledger", to: "pending-scanner", what: "what is owed", subject },
    ];
  }
  const what = shortName(type);
  return [
    { from: functionIn(source) ?? "upstream", to: "broker", what, subject },
    ...to.flatMap((name): Travel[] => {
      const station = functionIn(name);
      return station ? [{ from: "broker", to: station, what, subject }] : [];
    }),
  ];
}

/** In words, where an event did not arrive; `undefined` where it did. */
export function troubleOf({ type, via, outcome, status }: DeliveryReport): string | undefined {
  const what = `${shortName(type)} by ${via}`;
  switch (outcome) {
    case "delivered":
      return undefined;
    case "dead-lettered":
      return `${what} was refused (HTTP ${status}) and parked; the ledger still owes what it was about.`;
    case "lost":
      return `${what} was lost (HTTP ${status}); a later tick makes up for it.`;
  }
}

function shortName(type: string): string {
  if (type === PING_TYPE) return "tick";
  return /^io\.transactions-collector\.statement\.([a-z]+)\.v\d+$/.exec(type)?.[1] ?? type;
}

/** By the last part of a source, or the name of a Service. */
function functionIn(text: string): FunctionName | undefined {
  const last = text.slice(text.lastIndexOf("/") + 1);
  return FUNCTION_NAMES.find((one) => one === last);
}
