/**
 * What a sender can ask of a request over HTTP: how it stands, and when to look again. One record is
 * read by its name, or by the index of its event; nothing is listed, so nobody's place in the queue is known.
 */
import type { StatementRequest } from "../domain/statement-request.ts";
import type { Ledger } from "../platform/ledger/configmap-ledger.ts";
import { isAllowedSource, type AllowedSource } from "../platform/requests/allowed-sources.ts";
import { parameterProblems } from "../platform/server/parameters.ts";
import { againIn, RECORD, REQUESTS_PATH, statusOf } from "../platform/requests/request-status.ts";
import type { Problem } from "../platform/cloudevents/cloudevent-attributes.ts";
import type { Asked, ResourceAnswer, ResourceRoute } from "../platform/server/resource-route.ts";
import type { RequestRecorder } from "./record-request.ts";

export interface RequestStatusOptions {
  readonly ledger: Pick<Ledger, "read">;
  readonly recorder: Pick<RequestRecorder, "recordOf">;
  readonly allowedSources: readonly AllowedSource[] | undefined;
  readonly senders: readonly string[] | undefined;
  readonly now: () => number;
}

export function locationOf(name: string): string {
  return `${REQUESTS_PATH}/${name}`;
}

/** Names that are no request's, or another sender's, are not told apart. */
export function makeStatusRoute(options: RequestStatusOptions): ResourceRoute {
  const { ledger, recorder, allowedSources, senders, now } = options;

  /** Where nobody is asked who they are, or every sender may use every source, the state alone: it is anybody's. */
  function bodyFor(request: StatementRequest, sender: string | undefined) {
    if (sender === undefined || allowedSources === undefined)
      return { request_id: request.facts.name, status: request.status };
    return isAllowedSource(allowedSources, request.facts.event.source, sender)
      ? statusOf(request)
      : undefined;
  }

  async function find({ name, query }: Asked, signal: AbortSignal) {
    if (name !== undefined)
      return RECORD.test(name) ? (await ledger.read(name, signal))?.request : undefined;
    const source = query.get("source") ?? "";
    const id = query.get("id") ?? "";
    const recording = await recorder.recordOf({ source, id }, signal);
    return recording.kind === "recorded" ? recording.request : undefined;
  }

  return {
    senders,
    async handle(asked, { signal, sender }): Promise<ResourceAnswer> {
      const problems = asked.name === undefined ? problemsOf(asked.query) : [];
      if (problems.length > 0) return { kind: "invalid", problems };
      const request = await find(asked, signal);
      const body = request && bodyFor(request, sender);
      return body
        ? { kind: "found", body, againInMs: againIn(request, now()) }
        : { kind: "absent" };
    },
  };
}

const PARAMETERS = ["source", "id"];

function problemsOf(query: URLSearchParams): readonly Problem[] {
  const missing = PARAMETERS.filter((one) => !query.get(one));
  return [
    ...missing.map((field) => ({ field, code: "required" })),
    ...parameterProblems(query, PARAMETERS),
  ];
}
