/** Whether the functions' pods do their work: a Knative Service stays Ready when none of them does. */
import { NoAnswer } from "../session/installation.ts";
import type { Session } from "../session/session.ts";
import { ok, reasonOf, unknown, wrong, type Findings } from "./finding.ts";

export async function* checkPods(session: Session): Findings {
  if (session.isLocal) return undefined;
  let trouble: readonly string[];
  try {
    trouble = await session.trouble();
  } catch (error) {
    session.signal.throwIfAborted();
    yield unknown(
      `it cannot be seen whether the functions' pods are ready: ${reasonOf(error)}`,
      "ask with kubectl, as one who may get and list pods and their logs",
    );
    return error instanceof NoAnswer ? "silent" : undefined;
  }
  if (trouble.length === 0) yield ok("no pod of the functions is kept from its work");
  for (const line of trouble)
    yield wrong(line, "mend what it names; a pod asks again by itself, within seconds");
  return undefined;
}
