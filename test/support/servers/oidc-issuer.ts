/** An OIDC issuer of a test's own: a real HTTPS server with a discovery document and its keys. */
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from "jose";
import type { ServerCertificate } from "./certificates.ts";

export interface TokenClaims {
  readonly subject?: string | number;
  readonly audience?: string;
  readonly issuer?: string;
  /** Seconds from now. */
  readonly expiresIn?: number;
  /** Of another key pair, under the issuer's key id. */
  readonly key?: CryptoKey;
  /** `key-1` unless given; none where it is empty. */
  readonly kid?: string;
}

export interface OidcIssuer extends AsyncDisposable {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  /** Paths that were asked for. */
  readonly asked: string[];
  /** What it does from now on. */
  behave: "well" | "fail" | "stay silent" | "claim another name" | "tell megabytes";
  /** Has one more key from now on, under this id, and signs with either. @returns its private half */
  addKey(kid: string): Promise<CryptoKey>;
  token(claims?: TokenClaims): Promise<string>;
}

export async function startOidcIssuer(
  { cert, key }: ServerCertificate,
  audience: string,
): Promise<OidcIssuer> {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwkOf = async (key: CryptoKey, kid: string) => ({
    ...(await exportJWK(key)),
    ...{ kid, alg: "ES256", use: "sig" },
  });
  const keys = [await jwkOf(publicKey, "key-1")];
  const asked: string[] = [];
  const documents = (name: string): Readonly<Record<string, unknown>> => ({
    "/.well-known/openid-configuration": { issuer: name, jwks_uri: `${url}/keys` },
    "/keys": { keys },
  });
  const server = createServer({ cert, key }, (request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    if (issuer.behave === "stay silent") return;
    const name = issuer.behave === "claim another name" ? "https://other.example" : url;
    const document = issuer.behave === "fail" ? undefined : documents(name)[path];
    const more = issuer.behave === "tell megabytes" ? " ".repeat(2_000_000) : "";
    response.writeHead(document ? 200 : 500).end(JSON.stringify(document ?? {}) + more);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const issuer: OidcIssuer = {
    url,
    asked,
    behave: "well",
    async addKey(kid) {
      const pair = await generateKeyPair("ES256");
      keys.push(await jwkOf(pair.publicKey, kid));
      return pair.privateKey;
    },
    async token(claims = {}) {
      const { kid = "key-1" } = claims;
      const expires = Math.floor(Date.now() / 1000) + (claims.expiresIn ?? 600);
      return await new SignJWT({ sub: claims.subject ?? "somebody" } as JWTPayload)
        .setProtectedHeader({ alg: "ES256", ...(kid !== "" && { kid }) })
        .setIssuer(claims.issuer ?? url)
        .setAudience(claims.audience ?? audience)
        .setExpirationTime(expires)
        .sign(claims.key ?? privateKey);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return issuer;
}
