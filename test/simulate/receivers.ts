/**
 * Whoever is called back: takes an outcome, or does not, and answers or does not. One of them is gone, and
 * says so.
 */
import type { StatementEvent } from "../../functions/domain/events.ts";
import type { CallbackSender } from "../../functions/statement-builder/callback/callback-sender.ts";
import type { CallPort } from "./calls.ts";

export const RECEIVER = "https://receiver.example/";
export const GONE = "https://receiver.example/gone";

export function makeReceivers(
  call: CallPort,
  onCalled: (event: StatementEvent) => void,
): CallbackSender {
  return {
    async send(url, event) {
      try {
        const status = await call<number>({
          what: `CALL BACK ${event.type.split(".").slice(-2)[0] ?? ""} ${event.subject}`,
          effect: () => {
            if (url === GONE) return 410;
            onCalled(event);
            return 202;
          },
          refused: () => 503,
          unanswered: () => new Error("unreachable"),
          aborted: () => new Error("aborted"),
          timeoutMs: 10_000,
          isRepeated: false,
          landsWithinMs: 20_000,
          tell: String,
        });
        if (status < 300) return { kind: "delivered" };
        return { kind: status === 410 ? "refused" : "failed", error: `http_${status}` };
      } catch {
        return { kind: "failed", error: "timeout" };
      }
    },
  };
}
