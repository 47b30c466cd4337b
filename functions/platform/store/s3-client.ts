import { S3Client, S3ServiceException, type S3ClientConfig } from "@aws-sdk/client-s3";
import { monotonic } from "../clock/clock.ts";
import { isThisMachine } from "../settings/this-machine.ts";
import { readCaFile } from "../tls/ca-certificates.ts";
import { sendLargeBodies } from "./large-body.ts";

export interface S3Settings {
  /** Of an S3-compatible store; when absent what the SDK is told (`AWS_ENDPOINT_URL`, a profile), or AWS's own. */
  readonly endpoint?: string | undefined;
  /** From the environment (`AWS_REGION`) when absent. */
  readonly region?: string | undefined;
  /** From the SDK's chain (environment, web identity, instance) when absent. */
  readonly credentials?: S3ClientConfig["credentials"];
  /** PEM file of the only CA that vouches for the store; those of the system when absent. */
  readonly caFile?: string | undefined;
  /** Whom its certificate is for, when that is not the endpoint's host. */
  readonly serverName?: string | undefined;
  readonly forcePathStyle: boolean;
  /** `when_required` for stores that refuse the checksums the SDK sends on its own. */
  readonly checksums?: "when_supported" | "when_required" | undefined;
  readonly timeouts?: Partial<S3Timeouts> | undefined;
  /** Told of every call when it has ended, with all its tries. */
  readonly onCall?: ObserveS3Call | undefined;
}

export type ObserveS3Call = (call: {
  /** As S3 names it, such as `PutObject`. */
  readonly operation: string;
  /** HTTP status of the last try; undefined when there was no answer. */
  readonly status: number | undefined;
  readonly seconds: number;
}) => void;

/** All in milliseconds. */
export interface S3Timeouts {
  readonly connect: number;
  /** No byte in either direction. */
  readonly idle: number;
  /** One try of any request, until the answer's head has come. */
  readonly request: number;
  /** A small request (look, list, abort) with all its tries. */
  readonly call: number;
}

export const DEFAULT_TIMEOUTS: S3Timeouts = {
  connect: 5_000,
  idle: 20_000,
  request: 120_000,
  call: 15_000,
};

/**
 * Every request has a bound on connecting, silence and whole time: the SDK's own default has none.
 * It retries what is safe to repeat; a create-only write is, as its second try can only find the
 * first one's object.
 */
export function makeS3Client(settings: S3Settings, maxSockets: number): S3Client {
  const { endpoint, region, credentials, forcePathStyle, checksums } = settings;
  const timeouts = { ...DEFAULT_TIMEOUTS, ...settings.timeouts };
  const agent = { keepAlive: true, maxSockets };
  const tls = {
    ...(settings.caFile !== undefined && { ca: readCaFile("S3_CA_FILE", settings.caFile) }),
    ...(settings.serverName !== undefined && { servername: settings.serverName }),
  };
  const client = new S3Client({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    forcePathStyle,
    maxAttempts: 4,
    retryMode: "standard",
    requestChecksumCalculation: checksums === "when_required" ? "WHEN_REQUIRED" : "WHEN_SUPPORTED",
    // Whoever reads a statement checks the hashes inside it, which also tell what is damaged.
    responseChecksumValidation: "WHEN_REQUIRED",
    // With `Expect: 100-continue` the SDK leaves the agent and opens a connection for each part.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: timeouts.connect,
      socketTimeout: timeouts.idle,
      requestTimeout: timeouts.request,
      // Without it the SDK only warns.
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: { ...agent, ...tls },
    },
  });
  for (const name of UNREAD) client.middlewareStack.remove(name);
  nameOurselves(client);
  if (endpoint === undefined) refusePlainText(client);
  sendLargeBodies(client);
  if (settings.onCall) observeCalls(client, settings.onCall);
  return client;
}

/**
 * What the SDK does for each call and nobody here reads: every input as a line for a log that is switched off, and
 * a user agent of all that the client is made of. A fifth of the client's time, beside the network.
 */
const UNREAD = ["loggerMiddleware", "getUserAgentMiddleware"];

/** As the access log of a store has it. */
const USER_AGENT = "transactions-collector";

function nameOurselves(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { readonly headers: Record<string, string> };
      headers["user-agent"] = USER_AGENT;
      return next(args);
    },
    { step: "build", name: "nameOurselves" },
  );
}

/** An endpoint that only the SDK was told of has been checked by nobody. */
function refusePlainText(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { protocol, hostname } = args.request as { protocol: string; hostname: string };
      if (protocol !== "https:" && !isThisMachine(hostname))
        throw new Error(
          "AWS_ENDPOINT_URL or a profile names a store without https: set S3_ENDPOINT to it",
        );
      return next(args);
    },
    { step: "build", name: "refusePlainText" },
  );
}

/** From outside the SDK's retries: a caller waits for all of them. */
function observeCalls(client: S3Client, onCall: ObserveS3Call): void {
  client.middlewareStack.add(
    (next, { commandName = "" }) =>
      async (args) => {
        const startedAt = monotonic();
        let status: number | undefined;
        try {
          const result = await next(args);
          status = result.output.$metadata.httpStatusCode;
          return result;
        } catch (error) {
          if (error instanceof S3ServiceException) status = error.$metadata.httpStatusCode;
          throw error;
        } finally {
          const seconds = (monotonic() - startedAt) / 1000;
          onCall({ operation: commandName.replace(/Command$/, ""), status, seconds });
        }
      },
    { step: "initialize", name: "observeCalls" },
  );
}
