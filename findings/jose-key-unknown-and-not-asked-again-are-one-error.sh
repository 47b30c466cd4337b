#!/usr/bin/env bash
# jose's remote JWKS says the same of a key that the issuer does not have and of one it was not asked for.
#
# Version: jose 6.2.17 (npm).
# Input: an issuer on loopback that has a key `old`; a first token of `old` has its keys read. Then the issuer adds
#   `new`, and a token signed by that key comes within the 30 s (`cooldownDuration`) in which jose does not ask again.
#   A second set of keys with `cooldownDuration: 0` is asked for a key that the issuer really lacks.
# Expected: two errors that can be told apart: the first token may be good, and is verified half a minute later.
# Seen: both are JWKSNoMatchingKey, ERR_JWKS_NO_MATCHING_KEY, "no applicable key found in the JSON Web Key Set". Only
#   `coolingDown` of the set, read before the call, tells which of the two it was.
# So who answers 401 to each of them refuses good senders for up to half a minute after each rotation.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-fund --no-audit jose@6.2.17
cat > keys.mjs <<'JS'
import { createServer } from "node:http";
import { createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT } from "jose";

const pairs = {};
const published = [];
async function publish(kid) {
  await make(kid);
  published.push({ ...(await exportJWK(pairs[kid].publicKey)), kid, alg: "ES256" });
}
async function make(kid) {
  pairs[kid] = await generateKeyPair("ES256");
}
const token = (kid) =>
  new SignJWT({}).setProtectedHeader({ alg: "ES256", kid }).sign(pairs[kid].privateKey);

let asked = 0;
const server = createServer((_request, response) => {
  asked += 1;
  response.end(JSON.stringify({ keys: published }));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = new URL(`http://127.0.0.1:${server.address().port}/`);

async function verify(what, keys, kid) {
  const before = asked;
  const cooling = keys.coolingDown;
  const told = await jwtVerify(await token(kid), keys).then(
    () => "verified",
    (error) => `${error.name} ${error.code}`,
  );
  console.log(`${what}: ${told}, asked ${asked - before}, cooling down before ${cooling}`);
}

await publish("old");
const keys = createRemoteJWKSet(url);
await verify("a key that is there", keys, "old");
await publish("new");
await verify("a key that is newer", keys, "new");
await make("nobody's");
await verify("a key that is not there", createRemoteJWKSet(url, { cooldownDuration: 0 }), "nobody's");
server.close();
JS
node keys.mjs | tee seen
diff seen - <<'SEEN'
a key that is there: verified, asked 1, cooling down before false
a key that is newer: JWKSNoMatchingKey ERR_JWKS_NO_MATCHING_KEY, asked 0, cooling down before true
a key that is not there: JWKSNoMatchingKey ERR_JWKS_NO_MATCHING_KEY, asked 2, cooling down before false
SEEN
echo "as described: one error for both"
