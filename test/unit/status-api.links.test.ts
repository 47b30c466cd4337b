import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { makeS3Client } from "../../functions/platform/store/s3-client.ts";
import { makeLinks } from "../../functions/status-api/links.ts";

const OBJECT = { bucket: "statements", key: "k.zip" };

test("a store that takes a question and never answers is away, within the time of one call", async () => {
  await using store = await startSilentServer();
  const settings = { endpoint: store.url, region: "us-east-1", forcePathStyle: true };
  const credentials = { accessKeyId: "x", secretAccessKey: "x" };
  const client = makeS3Client({ ...settings, credentials, checksums: "when_required" }, 1);
  try {
    const links = makeLinks(client, 60_000, Date.now, 200);
    const { signal } = new AbortController();
    await expect(links.make(OBJECT, signal)).rejects.toMatchObject({
      name: "RetryableError",
      code: "storage_unavailable",
      message: "HeadObject failed: no answer within 200 ms",
    });
    const gone = new Error("whoever asked has gone");
    const asking = new AbortController();
    const made = links.make(OBJECT, asking.signal);
    asking.abort(gone);
    await expect(made).rejects.toBe(gone);
  } finally {
    client.destroy();
  }
});

async function startSilentServer(): Promise<AsyncDisposable & { readonly url: string }> {
  const server: Server = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
