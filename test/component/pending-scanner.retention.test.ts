import { recordRequest, type PendingRequest } from "../../functions/domain/statement-request.ts";
import {
  DAY,
  failed,
  NOW,
  OBJECT,
  pendingRequest,
  processing,
  startScanner,
} from "../support/functions/scanner.ts";

describe("retention", () => {
  const old = NOW - 30 * DAY - 1;

  it("deletes what has ended, was announced and has rested, after saying so", async () => {
    const saidBefore: boolean[] = [];
    await using scanner = await startScanner({
      ledger: (ledger) => ({
        ...ledger,
        async remove(ref) {
          saidBefore.push(scanner.lines.some((line) => line["request_id"] === ref.name));
          return await ledger.remove(ref);
        },
      }),
    });
    const gone = pendingRequest("a", 1);
    const kept = [
      failed(pendingRequest("b", 2), NOW - 30 * DAY + 1, true),
      failed(pendingRequest("c", 3), old, false),
      pendingRequest("d", 4),
      processing(pendingRequest("e", 5), old),
    ];
    await scanner.put(failed(gone, old, true), ...kept);
    await scanner.tick();
    expect(new Set(await scanner.names())).toEqual(new Set(kept.map(({ facts }) => facts.name)));
    expect(scanner.summary()).toMatchObject({ pruned: 1 });
    expect(saidBefore).toEqual([true]);
    expect(scanner.lines).toContainEqual(
      expect.objectContaining({
        audit: "delete",
        request_id: gone.facts.name,
        kind: "failed",
        ended_at: new Date(old).toISOString(),
      }),
    );
  });

  it("deletes an executed record, immutable as it is", async () => {
    await using scanner = await startScanner();
    const request = pendingRequest("a", 1);
    const result = { rows: 1, bytes: 1, sha256: "0", asOf: old };
    await scanner.put({
      ...request,
      ...result,
      status: "executed",
      object: OBJECT,
      executedAt: old,
      announced: true,
    });
    await scanner.tick();
    expect(await scanner.names()).toEqual([]);
  });

  it("leaves a record that has changed since it was read", async () => {
    await using scanner = await startScanner({
      ledger: (ledger) => ({
        ...ledger,
        async remove(ref) {
          const stored = await ledger.read(ref.name);
          if (stored) await ledger.replace(stored, pendingRequest("a", 1));
          return await ledger.remove(ref);
        },
      }),
    });
    await scanner.put(failed(pendingRequest("a", 1), old, true));
    expect((await scanner.tick()).status).toBe(204);
    expect(await scanner.names()).toHaveLength(1);
    expect(scanner.summary()).toMatchObject({ pruned: 0 });
  });

  it("deletes rejected events after the same time", async () => {
    await using scanner = await startScanner();
    const reject = (hash: string, receivedAt: number) =>
      scanner.local.ledger.keepRejected({
        hash,
        sharer: "/bank",
        fields: { received_at: new Date(receivedAt).toISOString() },
      });
    await reject("1".repeat(64), old);
    const { name } = await reject("2".repeat(64), NOW);
    await scanner.tick();
    expect(await scanner.names()).toEqual([name]);
  });

  it.each(["yesterday", ""])(
    "deletes one that came %p, by its ConfigMap's own time",
    async (at) => {
      await using scanner = await startScanner();
      const fields = { received_at: at };
      await scanner.local.ledger.keepRejected({ hash: "1".repeat(64), sharer: "/bank", fields });
      scanner.clock.now = Date.now() + 29 * DAY;
      await scanner.tick();
      expect(await scanner.names()).toHaveLength(1);
      scanner.clock.now += 2 * DAY;
      await scanner.tick();
      expect(await scanner.names()).toEqual([]);
    },
  );

  describe("of an index", () => {
    const recordedLongAgo = (customerId: string, sequence: number): PendingRequest => {
      const { facts } = pendingRequest(customerId, sequence);
      return recordRequest({ ...facts, recordedAt: old });
    };

    it("comes after its record, in one pass, and not while the record rests", async () => {
      await using scanner = await startScanner();
      const request = recordedLongAgo("a", 1);
      await scanner.index(request);
      await scanner.put(failed(request, old + 2, true));
      await scanner.tick();
      expect([await scanner.names(), await scanner.indexes()]).toEqual([
        [request.facts.name],
        [expect.stringMatching(/^statement-event-[0-9a-f]{40}$/)],
      ]);
      scanner.clock.now += 2;
      await scanner.tick();
      expect([await scanner.names(), await scanner.indexes()]).toEqual([[], []]);
      const deleted = scanner.lines.filter(({ audit }) => audit === "delete");
      expect(deleted).toMatchObject([
        { kind: "failed", request_id: request.facts.name },
        { kind: "event-index", record: expect.stringMatching(/^statement-event-/) as unknown },
      ]);
    });

    it("does not come while its record is under the name with a hash", async () => {
      await using scanner = await startScanner();
      const request = recordedLongAgo("a", 1);
      await scanner.index(request);
      // printf '["/bank","a-1"]' | sha256sum | cut -c1-16
      const name = `${request.facts.name}-c298035720953cf1`;
      await scanner.put(recordRequest({ ...request.facts, name }));
      await scanner.tick();
      expect(await scanner.indexes()).toHaveLength(1);
    });

    it("that never had a record comes by its own time", async () => {
      await using scanner = await startScanner();
      await scanner.index(recordedLongAgo("a", 1));
      await scanner.index(pendingRequest("b", 2));
      await scanner.tick();
      expect(await scanner.indexes()).toHaveLength(1);
      expect(scanner.summary()).toMatchObject({ pruned: 1 });
    });
  });

  it("goes on in the next tick where it stopped, more than one tick's share at a time", async () => {
    await using scanner = await startScanner();
    await scanner.put(
      ...Array.from({ length: 520 }, (_, i) => failed(pendingRequest("a", i), old, true)),
    );
    await scanner.tick();
    expect(scanner.summary()).toMatchObject({ pruned: 500 });
    await scanner.tick();
    expect(await scanner.names()).toEqual([]);
  }, 120_000);
});
