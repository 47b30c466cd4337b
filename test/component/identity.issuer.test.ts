import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { generateKeyPair, type CryptoKey } from "jose";
import { freePort } from "../../infra/local/programs/free-port.ts";
import { startFunction } from "../../infra/local/run/function-processes.ts";
import { makeAuthority } from "../support/servers/certificates.ts";
import { postStructured, type LogLine, type Reply } from "../support/functions/event-server.ts";
import { startEventSink } from "../support/functions/event-sink.ts";
import { startLocalLedger, type LocalLedger } from "../support/servers/local-ledger.ts";
import {
  startOidcIssuer,
  type OidcIssuer,
  type TokenClaims,
} from "../support/servers/oidc-issuer.ts";

const BROKER = "system:serviceaccount:statements:a-trigger";
const BILLING = "system:serviceaccount:billing:api";

const EVENT = {
  specversion: "1.0",
  id: "1",
  source: "/billing",
  time: new Date().toISOString(),
  type: "io.transactions-collector.statement.requested.v1",
  data: { customer_id: "c", start_date: "2025-12-01", end_date: "2025-12-31" },
};

/** Its issuer is no cluster, and only `K_CA_CERTS` vouches for it. */
let opened: AsyncDisposableStack;
let issuer: OidcIssuer;
let ledger: LocalLedger;
let url: string;
/** Of another process, with a route from outside. */
let publicUrl: string;
let logFile: string;

beforeAll(async () => {
  opened = new AsyncDisposableStack();
  const authority = opened.use(await makeAuthority());
  issuer = opened.use(await startOidcIssuer(await authority.issue("IP:127.0.0.1"), "intake"));
  const sink = opened.use(await startEventSink());
  ledger = opened.use(await startLocalLedger());
  const logDir = await mkdtemp(join(tmpdir(), "identity-"));
  opened.defer(() => rm(logDir, { recursive: true }));
  const env = {
    KUBECONFIG: ledger.kubeconfig,
    K_SINK: sink.url,
    K_CA_CERTS: authority.ca,
    OIDC_ISSUER: issuer.url,
    OIDC_AUDIENCE: "intake",
    OIDC_ALLOWED_SUBJECTS: "system:serviceaccount:statements:*",
    ALLOWED_SOURCES: `/parked, ${BILLING} /billing, system:serviceaccount:web:* /web`,
  };
  const start = async (change: Readonly<Record<string, string>>, folder: string) => {
    const port = await freePort();
    const launch = { port, logDir: join(logDir, folder), env: { ...env, ...change } };
    await mkdir(launch.logDir);
    const started = await startFunction({ name: "request-intake", ...launch });
    opened.defer(() => started.stop());
    return { url: `http://127.0.0.1:${port}/`, logFile: started.logFile };
  };
  const intake = await start({}, "intake");
  const door = await start({ PUBLIC_ROUTE: "true", OIDC_AUDIENCE: "public-intake" }, "door");
  ({ url, logFile } = intake);
  publicUrl = door.url;
});
afterAll(async () => await opened.disposeAsync());
beforeEach(() => {
  issuer.behave = "well";
});

const send = (token: string | undefined, event: object = EVENT, path = ""): Promise<Reply> =>
  postStructured(`${url}${path}`, event, token === undefined ? {} : bearer(token));
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const sendAs = async (subject: string, change: object = {}, path = ""): Promise<Reply> =>
  await send(await issuer.token({ subject }), { ...EVENT, ...change }, path);
const recorded = async () => (await ledger.configMaps()).map(({ metadata }) => metadata?.name);
const refused = (status: number, error: string) => ({ status, body: { error, problems: [] } });

// The first of all: nothing is known of the issuer yet.
it.each(["fail", "claim another name", "stay silent", "tell megabytes"] as const)(
  "503 while the issuer's keys cannot be had because they %s",
  async (behaviour) => {
    issuer.behave = behaviour;
    expect(await sendAs(BILLING)).toMatchObject(refused(503, "keys_unavailable"));
    expect(await recorded()).toEqual([]);
  },
);

it("200 to a sender with a good token, once the issuer is back", async () => {
  expect(await sendAs(BILLING)).toMatchObject({ status: 200 });
});

describe("a public route", () => {
  const parked = { ...EVENT, id: "outside", source: "/parked" };
  const post = async (path: string, subject: string, audience = "public-intake") =>
    await postStructured(
      `${publicUrl}${path}`,
      path === "" ? { ...EVENT, id: "outside", source: "/billing" } : parked,
      bearer(await issuer.token({ subject, audience })),
    );

  it("serves requests, to those who may send them", async () => {
    expect(await post("", BILLING)).toMatchObject({ status: 200 });
    expect(await post("", "system:serviceaccount:somebody:else")).toMatchObject({ status: 403 });
  });

  it("has neither of the Broker's paths, not even for the Broker", async () => {
    const before = await recorded();
    for (const path of ["dead-letter", "broker"])
      expect(await post(path, BROKER)).toMatchObject(refused(400, "unknown_path"));
    expect(await recorded()).toEqual(before);
  });

  it("is opened by no token of another door, nor does its own open one", async () => {
    expect(await post("", BILLING, "intake")).toMatchObject(refused(401, "token_invalid"));
    const token = await issuer.token({ subject: BILLING, audience: "public-intake" });
    expect(await send(token)).toMatchObject(refused(401, "token_invalid"));
  });
});

describe("401", () => {
  it("without a token, told how to come back", async () => {
    const reply = await send(undefined);
    expect(reply).toMatchObject(refused(401, "token_missing"));
    expect(reply.headers.get("www-authenticate")).toBe("Bearer");
  });

  const claims: readonly (readonly [string, string, TokenClaims])[] = [
    ["of another issuer", "token_invalid", { issuer: "https://other.example" }],
    ["for another audience", "token_invalid", { audience: "builder" }],
    ["without a subject", "token_invalid", { subject: "" }],
    ["with a number for one", "token_invalid", { subject: 4711 }],
    ["that has expired, beyond any skew of clocks", "token_expired", { expiresIn: -60 }],
  ];
  it.each(claims)("to a token %s", async (_, code, change) => {
    expect(await send(await issuer.token({ subject: BILLING, ...change }))).toMatchObject(
      refused(401, code),
    );
  });

  it("to a token that somebody else has signed", async () => {
    const { privateKey: key } = await generateKeyPair("ES256");
    expect(await send(await issuer.token({ subject: BILLING, key }))).toMatchObject(
      refused(401, "token_invalid"),
    );
  });

  it.each([
    ["no token at all", "secret"],
    ["one that nobody has signed", unsigned({ alg: "none" }, "")],
    ["one signed with a shared secret", unsigned({ alg: "HS256", kid: "key-1" }, "c2ln")],
    ["one of a key that the issuer does not have", unsigned({ alg: "ES256", kid: "x" }, "c2ln")],
  ])("to %s", async (_, token) => {
    expect((await send(token)).status).toBe(401);
  });

  it("to two tokens at once, both of them good", async () => {
    const token = await issuer.token({ subject: BILLING });
    const status = await new Promise<number>((resolve, reject) => {
      const headers = { Authorization: [`Bearer ${token}`, `Bearer ${token}`] };
      httpRequest(url, { method: "POST", headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on("error", reject)
        .end();
    });
    expect(status).toBe(401);
  });

  it("asks the issuer no more for it: keys are kept, and an unknown one is not chased", async () => {
    await sendAs(BILLING);
    const before = issuer.asked.length;
    for (let i = 0; i < 5; i++) await send(unsigned({ alg: "ES256", kid: `x${i}` }, "c2ln"));
    await sendAs(BILLING);
    expect(issuer.asked).toHaveLength(before);
  });
});

function unsigned(header: object, signature: string): string {
  const payload = { iss: "x", aud: "intake", sub: BILLING, exp: 4_102_444_800 };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${encode(header)}.${encode(payload)}.${signature}`;
}

describe("who may speak for which source", () => {
  const notAllowed = (field: string, code: string) => ({
    status: 403,
    body: { error: code, problems: [{ index: 0, field, code }] },
  });

  it.each([
    [BILLING, "/billing"],
    ["system:serviceaccount:web:frontend", "/web"],
    [BILLING, "/parked"],
    [BROKER, "/parked"],
  ])("%s may use %s", async (subject, source) => {
    expect(await sendAs(subject, { source, id: `${subject}${source}` })).toMatchObject({
      status: 200,
    });
  });

  it.each([
    [BILLING, "/web"],
    ["system:serviceaccount:web:frontend", "/billing"],
    [BROKER, "/billing"],
  ])("%s may not use %s", async (subject, source) => {
    expect(await sendAs(subject, { source })).toMatchObject(
      notAllowed("source", "source_not_allowed"),
    );
  });

  it("a subject that is on neither list may send nothing", async () => {
    for (const subject of ["system:serviceaccount:other:x", `${BILLING}-2`, "system:"])
      expect(await sendAs(subject)).toMatchObject(
        notAllowed("authorization", "sender_not_allowed"),
      );
  });

  it("parking events is for the broker alone", async () => {
    const parked = { type: "other", id: "parked" };
    expect(await sendAs(BILLING, parked, "dead-letter")).toMatchObject(
      notAllowed("authorization", "sender_not_allowed"),
    );
    expect(await sendAs(BROKER, parked, "dead-letter")).toMatchObject({ status: 202 });
  });
});

it("the operator's replay has a token too", async () => {
  const cli = new URL("../../infra/operator/statements.ts", import.meta.url).pathname;
  const replay = async (more: Readonly<Record<string, string>>): Promise<string> => {
    const env = { ...process.env, KUBECONFIG: ledger.kubeconfig, INTAKE_URL: url, ...more };
    const command = promisify(execFile)(process.execPath, [cli, "replay", "--all", "--yes"], {
      env,
    });
    // Exit code 1: the parked event is none that intake takes.
    return await command.then(
      () => "accepted",
      (error: unknown) => (error as { readonly stdout: string }).stdout,
    );
  };
  expect(await replay({})).toMatch(/^rejected-event-\w+ {2}401 {2}.*token_missing/);
  const INTAKE_TOKEN = await issuer.token({ subject: BROKER });
  expect(await replay({ INTAKE_TOKEN })).toMatch(/^rejected-event-\w+ {2}400 .*unsupported_type/);
});

it("a key that is newer than what was read of the issuer is nobody's fault: 503, until it is read", async () => {
  const key = await issuer.addKey("key-2");
  const twin = await issuer.addKey("key-2");
  const signedWith = async (one: CryptoKey, kid: string, audience?: string) =>
    await send(
      await issuer.token({ subject: BILLING, key: one, kid, ...(audience && { audience }) }),
    );
  const first = await signedWith(key, "key-2");
  expect(first).toMatchObject(refused(503, "keys_unavailable"));
  // A token for somebody else is not told to come again.
  expect(await signedWith(key, "key-2", "builder")).toMatchObject(refused(401, "token_invalid"));
  // jose reads them again after half a minute.
  for (let status = first.status; status !== 200;) {
    ({ status } = await signedWith(key, "key-2"));
    expect([200, 503]).toContain(status);
    if (status === 503) await sleep(1_000);
  }
  // What two keys have for a name, and no name at all, leaves any of them.
  for (const kid of ["key-2", ""])
    for (const one of [key, twin])
      expect(await signedWith(one, kid)).toMatchObject({ status: 200 });
  const { privateKey } = await generateKeyPair("ES256");
  for (const kid of ["key-2", ""])
    expect(await signedWith(privateKey, kid)).toMatchObject(refused(401, "token_invalid"));
});

it("probes need no token", async () => {
  for (const probe of ["liveness", "readiness"])
    expect((await fetch(`${url}health/${probe}`)).status).toBe(200);
});

it("what was refused is in the log under the same words, and no token is", async () => {
  const text = await readFile(logFile, "utf8");
  const lines = text.split("\n").flatMap((line) => (line ? [JSON.parse(line) as LogLine] : []));
  const refusals = lines.filter(({ msg }) => msg === "event refused");
  expect(refusals).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        problems: [{ field: "authorization", code: "token_invalid" }],
        reason: 'unexpected "aud" claim value',
      }),
      expect.objectContaining({
        problems: [{ field: "authorization", code: "sender_not_allowed" }],
        sender: "system:serviceaccount:other:x",
      }),
      expect.objectContaining({
        problems: [{ field: "source", code: "source_not_allowed" }],
        sender: BROKER,
        event_id: "1",
      }),
    ]),
  );
  expect(text).not.toContain((await issuer.token()).slice(0, 10));
});
