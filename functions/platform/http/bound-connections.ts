/** Bounds on what a connection may hold, for servers beside that of events, which has its own. */
import type { Server } from "node:http";
import { answerBrokenRequest } from "./broken-request.ts";

export interface ConnectionBounds {
  /** Of a whole request from its first byte to its last, milliseconds. */
  readonly requestMs: number;
  /** Without a byte in either direction, whoever's turn it is, milliseconds. */
  readonly idleMs: number;
  /** One more is closed at once. */
  readonly connections: number;
}

const HEADERS_MS = 10_000;

/** Before the server listens. Whoever sends slowly, reads slowly or says nothing is let go. */
export function boundConnections(server: Server, bounds: ConnectionBounds): void {
  server.headersTimeout = Math.min(HEADERS_MS, bounds.requestMs);
  server.requestTimeout = bounds.requestMs;
  // Node's own listener destroys the socket.
  server.timeout = bounds.idleMs;
  server.maxConnections = bounds.connections;
  server.on("drop", () => server.closeIdleConnections());
  server.on("clientError", (error, socket) => answerBrokenRequest(error, socket));
}
