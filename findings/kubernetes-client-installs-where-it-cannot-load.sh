#!/usr/bin/env bash
# @kubernetes/client-node does not say which Node it needs, so npm installs it where it cannot be loaded.
#
# Versions: @kubernetes/client-node 2.0.1 with undici 8.12.4, node 20.20.2 (npm).
# Input: `npm install`, then an import, on Node 20.
# Expected: an `engines` field that npm checks, or a package that loads.
# Seen: the package has no `engines`; its dependency undici has (>=22.19.0), of which npm only warns; the
#   import throws inside undici.
# So a tool that bundles this client says the Node it needs itself, before it imports anything.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-fund --no-audit @kubernetes/client-node@2.0.1 undici@8.12.4 node@20.20.2
{
  node -p '"client-node needs " + (require("./node_modules/@kubernetes/client-node/package.json").engines?.node ?? "it does not say")'
  node -p '"undici needs " + require("./node_modules/undici/package.json").engines.node'
  node_modules/.bin/node -e 'import("@kubernetes/client-node").then(
    () => console.log("it loads"),
    (error) => console.log(`${process.version}: ${error.name}`),
  )' 2>/dev/null || true
} | tee seen
diff seen - <<'SEEN'
client-node needs it does not say
undici needs >=22.19.0
v20.20.2: TypeError
SEEN
echo "as described: installed, and cannot be loaded"
