/** The one state a file comes from. */
import type { ExecutedRequest } from "../../../functions/domain/statement-request.ts";
import { unmet } from "../words/exit.ts";
import type { Session } from "../session/session.ts";

/** @throws CommandError when there is no file to be had, with the reason */
export async function findExecuted(session: Session, name: string): Promise<ExecutedRequest> {
  const { request } = await session.find(name);
  if (request.status === "executed") return request;
  throw unmet(
    `${request.facts.name} is ${request.status}, so it has no file; \`statements explain\` says why`,
  );
}
