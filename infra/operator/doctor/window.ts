/** Whether what the scanner deletes has outlived its event: what each function checks of itself, between the two. */
import { outlivesRecords } from "../../../functions/platform/settings/event-window.ts";
import { NoAnswer } from "../session/installation.ts";
import type { Session } from "../session/session.ts";
import type { Windows } from "../session/window.ts";
import { ok, reasonOf, unknown, wrong, type Finding, type Findings } from "./finding.ts";

export async function* checkWindow(session: Session): Findings {
  if (session.isLocal) return undefined;
  let windows: Windows;
  try {
    windows = await session.windows();
  } catch (error) {
    session.signal.throwIfAborted();
    yield unknown(
      `it cannot be seen whether intake and scanner have the same EVENT_WINDOW_DAYS and RETENTION_DAYS: ${reasonOf(error)}`,
      "ask with kubectl, as one who may get their Services and ConfigMaps",
    );
    return error instanceof NoAnswer ? "silent" : undefined;
  }
  yield judgeWindow(windows);
  return undefined;
}

export function judgeWindow({ intake, scanner }: Windows): Finding {
  const next =
    "give request-intake and pending-scanner the same EVENT_WINDOW_DAYS and RETENTION_DAYS";
  const taken = intake.EVENT_WINDOW_DAYS;
  const kept = scanner.RETENTION_DAYS;
  if (outlivesRecords({ EVENT_WINDOW_DAYS: taken, RETENTION_DAYS: kept })) {
    return wrong(
      `intake takes events of ${taken} days, and the scanner deletes records after ${kept}: a late repeat makes a second statement`,
      next,
    );
  }
  if (taken !== scanner.EVENT_WINDOW_DAYS || kept !== intake.RETENTION_DAYS) {
    return unknown(
      `intake and scanner are told different ones: EVENT_WINDOW_DAYS ${taken} and ${scanner.EVENT_WINDOW_DAYS}, RETENTION_DAYS ${intake.RETENTION_DAYS} and ${kept}`,
      next,
    );
  }
  return ok(`events are taken for ${taken} days, and records kept for ${kept}`);
}
