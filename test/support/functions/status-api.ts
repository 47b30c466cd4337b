/** A status-api as a process of its own, with an issuer of the tokens that it asks for. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../../infra/local/programs/free-port.ts";
import {
  startFunction,
  type FunctionProcess,
} from "../../../infra/local/run/function-processes.ts";
import { makeAuthority } from "../servers/certificates.ts";
import { startOidcIssuer } from "../servers/oidc-issuer.ts";

export const BILLING = "system:serviceaccount:billing:api";

export interface Ask {
  readonly method?: string;
  readonly subject?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Told {
  readonly status: number;
  readonly headers: Headers;
  /** Empty where there is none. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface RunningStatusApi extends AsyncDisposable {
  readonly url: string;
  readonly process: FunctionProcess;
  authorization(subject?: string): Promise<string>;
  /** With a token, of BILLING unless another is named. */
  ask(path: string, how?: Ask): Promise<Told>;
}

/** @param env ledger, store and ALLOWED_SOURCES, which is BILLING's `/billing` when not given */
export async function startStatusApi(
  env: Readonly<Record<string, string>>,
): Promise<RunningStatusApi> {
  await using opened = new AsyncDisposableStack();
  const authority = opened.use(await makeAuthority());
  const certificate = await authority.issue("IP:127.0.0.1");
  const issuer = opened.use(await startOidcIssuer(certificate, "status-api"));
  const logDir = await mkdtemp(join(tmpdir(), "status-api-"));
  opened.defer(() => rm(logDir, { recursive: true }));
  const port = await freePort();
  const process = await startFunction({
    name: "status-api",
    port,
    logDir,
    env: {
      ALLOWED_SOURCES: `${BILLING} /billing`,
      K_CA_CERTS: authority.ca,
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: "status-api",
      ...env,
    },
  });
  opened.defer(() => process.kill());
  const url = `http://127.0.0.1:${port}`;
  const authorization = async (subject = BILLING) => `Bearer ${await issuer.token({ subject })}`;
  const resources = opened.move();
  return {
    url,
    process,
    authorization,
    async ask(path, { method = "GET", subject, headers = {} } = {}) {
      const token = { authorization: await authorization(subject) };
      const response = await fetch(url + path, { method, headers: { ...token, ...headers } });
      const text = await response.text();
      const body = (text === "" ? {} : JSON.parse(text)) as Told["body"];
      return { status: response.status, headers: response.headers, body };
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
