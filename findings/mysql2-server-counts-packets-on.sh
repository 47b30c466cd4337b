#!/usr/bin/env bash
# mysql2's server counts packets on from one command to the next, where the protocol begins anew.
#
# Versions: mysql2 3.24.6, node 24.
# Input: two queries over one connection, by mysql2's own client to `mysql.createServer`.
# Expected: no word on either side. "The sequence-id is incremented with each packet … It starts at 0 and is reset to
#   0 when a new command begins" (MySQL's page_protocol_basic_packets.html).
# Seen: each query has its answer, and both sides warn of packets out of order; the server counts on from the handshake.
# So a server made of mysql2 for a test sets `sequenceId` to that of each command's packet itself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-fund --no-audit mysql2@3.24.6
cat >two-queries.cjs <<'JS'
const mysql = require("mysql2");
const server = mysql.createServer();
server.on("connection", (one) => {
  one.serverHandshake({
    protocolVersion: 10,
    serverVersion: "8.0.0",
    connectionId: 1,
    statusFlags: 2,
    characterSet: 45,
    capabilityFlags: 0xffffff,
  });
  one.on("query", () => one.writeOk({ affectedRows: 7 }));
  one.on("error", () => undefined);
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server._server.address();
  const client = mysql.createConnection({ host: "127.0.0.1", port, user: "reader" });
  client.query("DO 1", (first, ok) => {
    client.query("DO 2", (second, again) => {
      console.log(`answers: ${first ?? ok.affectedRows}, ${second ?? again.affectedRows}`);
      process.exit(0);
    });
  });
});
JS
node two-queries.cjs 2>&1 | tee seen
diff seen - <<'SEEN'
Warning: got packets out of order. Expected 3 but received 0
Warning: got packets out of order. Expected 1 but received 4
Warning: got packets out of order. Expected 5 but received 0
Warning: got packets out of order. Expected 1 but received 6
answers: 7, 7
SEEN
echo "as described: packets counted on, and two sides that warn of it"
