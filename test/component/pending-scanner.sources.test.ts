import type { PendingRequest } from "../../functions/domain/statement-request.ts";
import type { LocalLedger } from "../support/servers/local-ledger.ts";
import { failed, NOW, pendingRequest, startScanner } from "../support/functions/scanner.ts";

describe("how many records each source has", () => {
  /** The first four hexadecimal digits of their SHA-256. */
  const FLOOD = "3966";
  const BANK = "5546";
  const flood = (sequence: number): PendingRequest => {
    const { facts, ...pending } = pendingRequest("f", sequence);
    return { ...pending, facts: { ...facts, event: { ...facts.event, source: "/flood" } } };
  };
  const written = async (local: LocalLedger) => {
    const where = { namespace: local.namespace, name: "records-by-source" };
    const { data, metadata } = await local.core.readNamespacedConfigMap(where);
    const records: unknown = JSON.parse(data?.["records"] ?? "null");
    return { counted_at: data?.["counted_at"], records, labels: metadata?.labels };
  };

  it("is told intake at each tick, of what is owed and of what has ended", async () => {
    await using scanner = await startScanner();
    const { local } = scanner;
    const metadata = { name: "records-by-source", labels: { whose: "of-the-manifests" } };
    await local.core.createNamespacedConfigMap({ namespace: local.namespace, body: { metadata } });
    await scanner.put(flood(1), flood(2), failed(flood(3), NOW, true), pendingRequest("b", 1));
    expect((await scanner.tick()).status).toBe(204);
    expect(await written(local)).toEqual({
      counted_at: "2026-01-15T12:00:00.000Z",
      records: { [FLOOD]: 3, [BANK]: 1 },
      labels: { whose: "of-the-manifests" },
    });

    const stored = await local.ledger.read(flood(1).facts.name);
    if (!stored) throw new Error("not stored");
    await local.ledger.remove(stored);
    scanner.clock.now += 60_000;
    // A tick that prolongs an earlier one does not list anew.
    for (const end = performance.now() + 10_000; performance.now() < end;) {
      await scanner.tick();
      if (JSON.stringify(await written(local)).includes(`"${FLOOD}":2`)) break;
    }
    expect(await written(local)).toMatchObject({
      counted_at: "2026-01-15T12:01:00.000Z",
      records: { [FLOOD]: 2, [BANK]: 1 },
    });
  });

  it("is nobody's without the ConfigMap, which is said", async () => {
    await using scanner = await startScanner();
    await scanner.put(flood(1));
    expect((await scanner.tick()).status).toBe(204);
    expect(await scanner.names()).toEqual([flood(1).facts.name]);
    expect(scanner.lines).toContainEqual(
      expect.objectContaining({
        msg: "there is no ConfigMap records-by-source: no source has a share of the ledger",
      }),
    );
  });
});
