import type { Mutant } from "./mutant.ts";

const HANDLER = "status-api/handler.ts";
const LISTS = "status-api/list-requests.ts";
const WISHES = "status-api/cancel-request.ts";
const FIND = `const request = RECORD.test(name) ? (await ledger.read(name, signal))?.request : undefined;`;

export const MUTANTS_OF_STATUS: readonly Mutant[] = [
  {
    name: "status-of-others",
    says: "whoever asks is told of every request",
    file: HANDLER,
    find: `isAllowedSource(allowedSources, facts.event.source, sender);`,
    replace: `sender !== "" && facts.event.source !== "";`,
  },
  {
    name: "status-remembered",
    says: "a request is told as it was when it was asked about first",
    file: HANDLER,
    find: FIND,
    replace: `const kept = (allowedSources as { kept?: Map<string, StatementRequest> }).kept ??= new Map();
    const request = kept.get(name) ?? (await ledger.read(name, signal))?.request;
    if (request) kept.set(name, request);`,
  },
  {
    name: "unread-is-absent",
    says: "a request that cannot be read now is told to be absent",
    file: HANDLER,
    find: FIND,
    replace: `const request = RECORD.test(name)
      ? (await ledger.read(name, signal).catch(() => undefined))?.request
      : undefined;`,
  },
  {
    name: "wish-promised",
    says: "the end of a request is promised although nobody could be asked for it",
    file: WISHES,
    find: `requestedBy: by }, signal);`,
    replace: `requestedBy: by }, signal).catch(() => undefined);`,
    and: {
      file: WISHES,
      find: `return (await ledger.read(record, signal))?.request;`,
      replace: `return { ...request, cancelRequestedAt: now() };`,
    },
  },
  {
    name: "link-too-early",
    says: "a link is made as soon as the request has a key",
    file: HANDLER,
    find: `if (request.status !== "executed") return`,
    replace: `if (request.object === undefined) return`,
  },
  {
    name: "list-of-others",
    says: "a customer's list has what others have asked for",
    file: LISTS,
    find: `if (!isOlder || !mayTell(request)) continue;`,
    replace: `if (!isOlder) continue;`,
  },
  {
    name: "list-cut",
    says: "a list ends with its first page",
    file: LISTS,
    find: `newest.length = Math.min(newest.length, limit + 1);`,
    replace: `newest.length = Math.min(newest.length, limit);`,
  },
];
