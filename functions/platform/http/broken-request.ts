/** Answers what Node's parser refuses before there is a request; a `clientError` listener. */
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { endAndLetGo } from "./let-go.ts";

export interface BrokenAnswer {
  readonly contentType: string;
  readonly body: string;
}

/** @param describe what is answered beside the status; the code alone unless given */
export function answerBrokenRequest(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  describe: (status: number, code: string) => BrokenAnswer = codeAlone,
): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, code } = brokenRequest(error.code);
  const { contentType, body } = describe(status, code);
  endAndLetGo(
    socket,
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
      `content-type: ${contentType}`,
      `content-length: ${Buffer.byteLength(body)}`,
      "connection: close",
      "",
      body,
    ].join("\r\n"),
  );
}

function codeAlone(_status: number, code: string): BrokenAnswer {
  return { contentType: "application/json", body: JSON.stringify({ error: code, problems: [] }) };
}

function brokenRequest(code: string | undefined): {
  readonly status: number;
  readonly code: string;
} {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return { status: 431, code: "headers_too_large" };
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { status: 408, code: "request_timeout" };
    default:
      return { status: 400, code: "malformed_request" };
  }
}
