import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeCloudEventSink } from "../../functions/platform/cloudevents/cloudevent-sink.ts";
import { makeAuthority } from "../support/servers/certificates.ts";
import { answer, startEventSink } from "../support/functions/event-sink.ts";
import { makeTestLog } from "../support/functions/event-server.ts";
import { RECORDED_EVENT as EVENT } from "../support/functions/recorded-event.ts";

const sinkTo = (url: string, overrides = {}) =>
  makeCloudEventSink({ url, overrides, log: makeTestLog().log });

it("sends in binary mode, with the overrides, and nothing that is not set", async () => {
  await using receiver = await startEventSink();
  const result = await sinkTo(receiver.url, { region: "eu" }).send(EVENT);
  expect(result).toEqual({ kind: "accepted" });
  const [sent] = receiver.events;
  const attributes = Object.entries(sent?.headers ?? {}).filter(([name]) => name.startsWith("ce-"));
  expect(Object.fromEntries(attributes)).toEqual({
    "ce-specversion": "1.0",
    "ce-id": "transaction-request-c-1768478400000.recorded",
    "ce-type": "io.transactions-collector.statement.recorded.v1",
    "ce-source": "/transactions-collector/request-intake",
    "ce-subject": "transaction-request-c-1768478400000",
    "ce-time": "2026-01-15T12:00:00.000Z",
    "ce-dataschema": "https://transactions-collector.io/schemas/statement.recorded.v1.json",
    "ce-partitionkey": "c",
    "ce-region": "eu",
  });
  expect(sent?.headers["content-type"]).toBe("application/json");
  expect(JSON.parse(sent?.body ?? "")).toEqual(EVENT.data);
});

it("sends ASCII headers only, percent-encoded as the binding says", async () => {
  await using receiver = await startEventSink();
  const subject = 'Zürich "7%" 😀\ud800';
  await sinkTo(receiver.url).send({ ...EVENT, subject });
  expect(receiver.events[0]?.headers["ce-subject"]).toBe(
    "Z%C3%BCrich%20%227%25%22%20%F0%9F%98%80%EF%BF%BD",
  );
});

it("sends the token of its token file, as it is at that moment", async () => {
  await using receiver = await startEventSink();
  const folder = mkdtempSync(join(tmpdir(), "token-"));
  const tokenFile = join(folder, "token");
  try {
    const sink = makeCloudEventSink({ url: receiver.url, tokenFile, log: makeTestLog().log });
    await sink.send(EVENT);
    writeFileSync(tokenFile, "a.b.c\n");
    await sink.send(EVENT);
    writeFileSync(tokenFile, "d.e.f");
    await sink.send(EVENT);
    expect(receiver.events.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      "Bearer a.b.c",
      "Bearer d.e.f",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it.each([200, 202, 204])("%d is accepted", async (status) => {
  await using receiver = await startEventSink(answer(status));
  expect(await sinkTo(receiver.url).send(EVENT)).toEqual({ kind: "accepted" });
});

it.each([301, 400, 404, 429, 500, 503])("%d is refused", async (status) => {
  await using receiver = await startEventSink(answer(status, "why"));
  expect(await sinkTo(receiver.url).send(EVENT)).toEqual({ kind: "refused", status });
});

it("is a value when nobody answers, the caller gives up, or nobody listens", async () => {
  await using receiver = await startEventSink(() => undefined);
  const sink = sinkTo(receiver.url);
  expect(await sink.send(EVENT, { timeoutMs: 50 })).toEqual({
    kind: "unreachable",
    reason: "timeout",
  });
  const signal = AbortSignal.timeout(50);
  expect(await sink.send(EVENT, { signal })).toEqual({ kind: "unreachable", reason: "aborted" });
  const gone = await startEventSink();
  await gone[Symbol.asyncDispose]();
  expect(await sinkTo(gone.url).send(EVENT)).toEqual({
    kind: "unreachable",
    reason: "ECONNREFUSED",
  });
});

it("gives up on an answer that never ends", async () => {
  await using receiver = await startEventSink((_event, response) => {
    response.writeHead(202).write("more");
  });
  expect(await sinkTo(receiver.url).send(EVENT, { timeoutMs: 100 })).toEqual({
    kind: "unreachable",
    reason: "timeout",
  });
});

it("drains answers, so that connections are used again", async () => {
  const ports = new Set<number | undefined>();
  await using receiver = await startEventSink((_event, response) => {
    ports.add(response.socket?.remotePort);
    response.writeHead(202).end("x".repeat(100_000));
  });
  const sink = sinkTo(receiver.url);
  for (let i = 0; i < 20; i++) await sink.send(EVENT);
  // A connection is free again a moment after its answer was read.
  expect(ports.size).toBeLessThan(4);
});

it("trusts the certificates of K_CA_CERTS, and only then", async () => {
  await using own = await makeAuthority();
  await using foreign = await makeAuthority();
  const { cert, key } = await own.issue("IP:127.0.0.1");
  const server = createServer({ cert, key }, (_request, response) => {
    response.writeHead(202).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    // The trust is the process's own, so it is given in another one.
    const send = new URL("../support/functions/send-event.ts", import.meta.url).pathname;
    const run = async (caCerts: string) => {
      const { stdout } = await promisify(execFile)(process.execPath, [send, url, caCerts]);
      return JSON.parse(stdout) as unknown;
    };
    const refused = { kind: "unreachable", reason: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" };
    expect(await run("")).toEqual(refused);
    expect(await run(foreign.ca)).toEqual(refused);
    // As a bundle: more than one certificate, with text between them.
    expect(await run(`${foreign.ca}\n# ours\n${own.ca}`)).toEqual({ kind: "accepted" });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
