/** INTAKE_URL that leads to a gateway, which knows intake by its host alone and else says 404 of its own. */
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { askForStatement } from "../../infra/operator/ui/ask.ts";
import { makeTool } from "../support/operator/statements-tool.ts";

const HOST = "request-intake.statements.svc.cluster.local";
const ASK = ["request", "acme-42", "2025-01-01", "2025-12-31"];

let gateway: Server;
let INTAKE_URL: string;
beforeAll(async () => {
  gateway = createServer(({ headers }, response) => {
    const isKnown = headers.host === HOST;
    response.writeHead(isKnown ? 200 : 404, isKnown ? { "ce-subject": "a-record" } : {}).end();
  }).listen(0, "127.0.0.1");
  await once(gateway, "listening");
  INTAKE_URL = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/`;
});
afterAll(() => void gateway.close());

test("INTAKE_HOST is what the gateway is sent", async () => {
  const { code, stdout } = await makeTool({ INTAKE_URL, INTAKE_HOST: HOST })(...ASK);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "a-record\n" });
});

test("without it, the 404 comes with the host that was sent, and with INTAKE_HOST", async () => {
  const { code, stderr } = await makeTool({ INTAKE_URL })(...ASK);
  expect(code).toBe(1);
  expect(stderr).toContain(`no intake; it was sent the host ${new URL(INTAKE_URL).host}.`);
  expect(stderr).toContain("set INTAKE_HOST");
});

test("a host that is none is wrong use", async () => {
  const { code, stderr } = await makeTool({ INTAKE_URL, INTAKE_HOST: "http://a/" })(...ASK);
  expect(code).toBe(2);
  expect(stderr).toContain("INTAKE_HOST");
});

test("the page's form says the same", async () => {
  const form = { id: "1", time: "2026-01-15T12:00:00Z", data: { customer_id: "acme-42" } };
  const intake = () => Promise.resolve({ INTAKE_URL });
  const { signal } = new AbortController();
  const { body } = await askForStatement(form, { intake, source: "/page", signal });
  expect(body).toMatchObject({ words: expect.stringContaining("set INTAKE_HOST") as string });
});
