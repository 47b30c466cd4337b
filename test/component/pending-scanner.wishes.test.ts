import type { PendingRequest } from "../../functions/domain/statement-request.ts";
import { DAY, failed, NOW, pendingRequest, startScanner } from "../support/functions/scanner.ts";

describe("a wish to cancel beside a record", () => {
  const wishFor = (request: PendingRequest) => ({
    record: request.facts.name,
    customerId: request.facts.customerId,
    requestedAt: NOW,
    requestedBy: "system:serviceaccount:billing:api",
  });

  it("has its request offered before every turn, though its next attempt is far away", async () => {
    await using scanner = await startScanner({ limits: { builderCapacity: 1 } });
    await scanner.put(pendingRequest("a", 1));
    const late = { ...pendingRequest("z", 2), nextAttemptAt: NOW + DAY };
    await scanner.put(late);
    await scanner.local.ledger.wish(wishFor(late));
    await scanner.tick();
    expect(scanner.sink.events[0]?.headers["ce-subject"]).toBe(late.facts.name);
    expect(scanner.summary()).toMatchObject({ wishes: 1 });
  });

  it("stays until its request has ended, and goes with the tick after that", async () => {
    await using scanner = await startScanner();
    const request = pendingRequest("c", 1);
    const { name } = request.facts;
    await scanner.put(request);
    await scanner.local.ledger.wish(wishFor(request));
    await scanner.tick();
    expect((await scanner.local.ledger.readWish(name))?.wish).toEqual(wishFor(request));
    const stored = await scanner.local.ledger.read(name);
    if (!stored) throw new Error("not stored");
    await scanner.local.ledger.replace(stored, failed(request, NOW, true));
    await scanner.tick();
    expect(await scanner.local.ledger.readWish(name)).toBeUndefined();
    expect([await scanner.names(), scanner.summary()]).toEqual([
      [name],
      expect.objectContaining({ wishes: 0 }),
    ]);
  });

  it("goes when its record is gone", async () => {
    await using scanner = await startScanner();
    const request = pendingRequest("c", 1);
    await scanner.local.ledger.wish(wishFor(request));
    await scanner.tick();
    expect(await scanner.names()).toEqual([]);
  });

  it("that cannot be read stays, and is told", async () => {
    await using scanner = await startScanner();
    const labels = {
      "app.kubernetes.io/managed-by": "transactions-collector",
      "app.kubernetes.io/component": "cancel-wish",
    };
    const body = { metadata: { name: "cancel-x", labels }, data: { record: "x" } };
    const { core, namespace } = scanner.local;
    await core.createNamespacedConfigMap({ namespace, body });
    await scanner.tick();
    expect(scanner.summary()).toMatchObject({ wishes: 1 });
    expect(await scanner.names()).toEqual(["cancel-x"]);
  });
});
