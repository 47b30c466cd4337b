/** A request as the tool shows it in a line. */
import { shareDone, type BuildProgress } from "../../../functions/domain/build-progress.ts";
import {
  endedAt,
  isFinal,
  type FinalRequest,
  type RequestStatus,
  type StatementRequest,
} from "../../../functions/domain/statement-request.ts";
import { count, inThousands } from "./plural.ts";

export const STATE_COLOURS = {
  pending: "yellow",
  processing: "cyan",
  executed: "green",
  failed: "red",
  cancelled: "gray",
} as const satisfies Record<RequestStatus, string>;

/** Why it is where it is, in one word; empty when all is as it should be. */
export function reasonOf(request: StatementRequest): string {
  if (request.status === "failed") return request.errorCode;
  if (isFinal(request)) return "";
  return request.cancelRequestedAt === undefined ? (request.lastError ?? "") : "cancel_requested";
}

/** `transactions.csv 47 %`; empty before the first renewal of the lease. */
export function shortProgress(request: StatementRequest): string {
  if (request.status !== "processing" || !request.progress) return "";
  const { phase } = request.progress;
  const share = shareDone(request.progress);
  return share === undefined ? phase : `${phase} ${Math.floor(share * 100)} %`;
}

/** What its builder was doing when it last said so. */
export function describeProgress(progress: BuildProgress): string {
  const { phase, rows, rowsCounted, bytesSent, rowsPerSecond } = progress;
  const share = shareDone(progress);
  const ofAll =
    rowsCounted === undefined || share === undefined
      ? ""
      : ` of ${inThousands(rowsCounted)} (${Math.floor(share * 100)} %)`;
  return [
    PHASES[phase] ?? `writing ${phase}`,
    ...(rows > 0 || ofAll !== "" ? [`${inThousands(rows)}${ofAll} rows`] : []),
    ...(rowsPerSecond > 0 ? [`${inThousands(rowsPerSecond)} rows a second`] : []),
    ...(bytesSent > 0 ? [`${formatBytes(bytesSent)} sent`] : []),
  ].join(", ");
}

/** Other phases are files. */
const PHASES: Readonly<Record<string, string | undefined>> = {
  fence: "looking for what an earlier attempt left",
  query: "asking the database for balances and counts",
  publish: "publishing the file",
};

/** From the recording to the end, or to now while it is open; milliseconds. */
export function timeTaken(request: StatementRequest, now: number): number {
  return (isFinal(request) ? endedAt(request) : now) - request.facts.recordedAt;
}

export function describeEnd(request: FinalRequest): string {
  switch (request.status) {
    case "executed":
      return `${count(request.rows, "row")}, ${formatBytes(request.bytes)}`;
    case "failed":
      return request.errorCode;
    case "cancelled":
      return "";
  }
}

export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  // Those that would be rounded to a thousand of a unit are one of the next.
  const unit = bytes < 999_950 ? "kB" : bytes < 999_950_000 ? "MB" : "GB";
  return `${(bytes / { kB: 1e3, MB: 1e6, GB: 1e9 }[unit]).toFixed(1)} ${unit}`;
}
