/**
 * Whether wake-ups arrive. The scanner leaves a new request to its wake-up for a few seconds, so one that was
 * taken sooner had one. Of one that was taken later nobody knows: it came by a tick, or its wake-up waited for a builder.
 */
import { WAKE_UP_MS } from "../../../functions/pending-scanner/backlog.ts";
import { formatDuration } from "../words/duration.ts";
import { count } from "../words/plural.ts";
import { LATELY_MS, type FirstClaims } from "./census.ts";
import { ok, unknown, type Finding } from "./finding.ts";

export function judgeWakeUps({ soon, later }: FirstClaims): Finding {
  const total = soon + later;
  const lately = `in the last ${formatDuration(LATELY_MS)}`;
  if (total === 0)
    return ok(`no request was taken for the first time ${lately}, so wake-ups were not seen`);
  const taken = `of ${count(total, "request")} first taken ${lately}`;
  const within = formatDuration(WAKE_UP_MS);
  if (soon >= later) return ok(`${taken}, ${soon} came within ${within} by their wake-up`);
  return unknown(
    `${taken}, ${later} waited for more than ${within}: for a tick, or for a free builder`,
    "nothing is lost, each just takes longer. With a builder that starts cold, or a customer that asks for more than " +
      "WAKEUPS_PER_CUSTOMER a minute, that is as it should be; else kubectl get broker,trigger -n statements",
  );
}
