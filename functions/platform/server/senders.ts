/** Who may send to this function: the subjects of the tokens it accepts. */
import type { CommonConfig } from "../settings/config.ts";
import { clusterDocuments, isClusterName } from "../identity/cluster-issuer.ts";
import type { Answer, Refusal } from "./answers/http-answer.ts";
import { makeIssuerKeys, publicDocuments, type IssuerDocuments } from "../identity/issuer-keys.ts";
import type { Log } from "../telemetry/log.ts";
import {
  makeTokenVerifier,
  type TokenVerdict,
  type TokenVerifier,
} from "../identity/token-verifier.ts";

export type Admission =
  | { readonly kind: "admitted"; readonly subject: string }
  /** A good token of somebody who may not send here. */
  | { readonly kind: "stranger"; readonly subject: string }
  | Exclude<TokenVerdict, { kind: "sender" }>;

/** Who may send to one path. */
export interface PathSenders {
  /** Subjects that may send besides those that may send everywhere. */
  readonly senders?: readonly string[] | undefined;
  /** Without a list of subjects nobody may, where every other path takes all of the issuer's. */
  readonly namedOnly?: boolean | undefined;
}

export interface Senders {
  admit(authorization: string | undefined, path?: PathSenders): Promise<Admission>;
}

/** undefined when no issuer is set: then nobody is asked who they are. */
export function sendersOf(
  config: Pick<
    CommonConfig,
    "OIDC_ISSUER" | "OIDC_AUDIENCE" | "OIDC_DISCOVERY" | "OIDC_ALLOWED_SUBJECTS"
  >,
  log: Log,
  ofCluster: () => IssuerDocuments = clusterDocuments,
): Senders | undefined {
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience } = config;
  if (issuer === undefined || audience === undefined) {
    log.warn("IDENTITY=none: nobody is asked who they are, whoever reaches this port may send");
    return undefined;
  }
  const { OIDC_DISCOVERY: discovery = isClusterName(issuer) ? "cluster" : "issuer" } = config;
  const documents = discovery === "cluster" ? ofCluster() : publicDocuments(issuer);
  const keys = makeIssuerKeys(issuer, documents);
  const verify = makeTokenVerifier({ issuer, audience, keys, log });
  return makeSenders(verify, config.OIDC_ALLOWED_SUBJECTS);
}

/** Every subject of the issuer may send when `allowed` is undefined, but for a path of named ones. */
export function makeSenders(verify: TokenVerifier, allowed?: readonly string[]): Senders {
  return {
    async admit(authorization, { senders: others = [], namedOnly = false } = {}) {
      const verdict = await verify(authorization);
      if (verdict.kind !== "sender") return verdict;
      const { subject } = verdict;
      const named = allowed ?? (namedOnly ? [] : undefined);
      const patterns = named && [...named, ...others];
      const admitted = !patterns || patterns.some((pattern) => matchesSubject(pattern, subject));
      return { kind: admitted ? "admitted" : "stranger", subject };
    },
  };
}

/** As in an EventPolicy: the subject itself, or its beginning with an asterisk at the end. */
export function matchesSubject(pattern: string, subject: string): boolean {
  return pattern.endsWith("*") ? subject.startsWith(pattern.slice(0, -1)) : pattern === subject;
}

export function subjectOf(admission: Admission | undefined): string | undefined {
  return admission?.kind === "admitted" ? admission.subject : undefined;
}

/** What is answered to one who may not send; an operator finds it like any event that was refused. */
export function refusalOf(
  admission: Admission | undefined,
  log: Log,
): Answer | Refusal | undefined {
  switch (admission?.kind) {
    case undefined:
    case "admitted":
      return undefined;
    case "unavailable":
      return { kind: "unavailable", code: "keys_unavailable" };
    case "unauthenticated": {
      const { code, reason } = admission;
      log.warn({ problems: [{ field: "authorization", code }], reason }, "event refused");
      return { kind: "unauthenticated", code };
    }
    case "stranger": {
      const problems = [{ field: "authorization", code: "sender_not_allowed" }];
      log.warn({ problems, sender: admission.subject }, "event refused");
      return { kind: "forbidden", problems };
    }
  }
}
