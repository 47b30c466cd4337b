import { makeConcurrencyLimit } from "../../functions/platform/limits/concurrency.ts";
import { makeUndelivered } from "../../functions/pending-scanner/undelivered.ts";
import { accept, answer } from "../support/functions/event-sink.ts";
import { makeTestLog } from "../support/functions/event-server.ts";
import { startLocalLedger } from "../support/servers/local-ledger.ts";
import { failed, NOW, pendingRequest, startScanner } from "../support/functions/scanner.ts";

describe("an outcome that a consumer was not told", () => {
  async function withNote(scanner: Awaited<ReturnType<typeof startScanner>>) {
    const request = pendingRequest("c", 1);
    const { name } = request.facts;
    await scanner.put(failed(request, NOW, true));
    await scanner.local.ledger.noteUndelivered({
      record: name,
      attempt: request.attempt,
      repeats: 0,
      notBefore: NOW + 1_000,
    });
    return name;
  }

  it("is asked for when its time has come, by each tick until the record says so", async () => {
    await using scanner = await startScanner();
    const name = await withNote(scanner);
    await scanner.tick();
    expect(scanner.sink.ids()).toEqual([]);
    scanner.clock.now += 1_000;
    await scanner.tick();
    await scanner.tick();
    const [first, second, ...others] = scanner.sink.events;
    expect(others).toEqual([]);
    expect(first?.headers["ce-type"]).toBe("io.transactions-collector.statement.due.v1");
    expect(first?.headers["ce-id"]).toMatch(/\.announce\.0\./);
    expect(first?.headers["ce-subject"]).toBe(name);
    expect(JSON.parse(second?.body ?? "")).toMatchObject({ status: "failed", outcome_repeats: 0 });
    expect(scanner.summary()).toMatchObject({ undelivered: 1, asked: 1 });
    const stored = await scanner.local.ledger.read(name);
    if (stored?.request.status !== "failed") throw new Error("not failed");
    await scanner.local.ledger.replace(stored, { ...stored.request, outcomeRepeats: 1 });
    await scanner.tick();
    expect(scanner.sink.events).toHaveLength(2);
    expect(scanner.summary()).toMatchObject({ undelivered: 0, asked: 0 });
    expect(await scanner.names()).toEqual([name]);
  });

  it.each([
    ["of which there are many is asked for a few hundred a tick", accept, 510, 500],
    // Those that were sent already when the first was refused.
    ["is not asked for at a sink that has refused another", answer(500), 100, 8],
  ])("%s", async (_, sink, notes, most) => {
    await using scanner = await startScanner({ sink });
    const record = await withNote(scanner);
    const create = makeConcurrencyLimit(16);
    const { ledger } = scanner.local;
    await Promise.all(
      Array.from({ length: notes }, (_none, repeats) =>
        create(() => ledger.noteUndelivered({ record, attempt: 0, repeats, notBefore: NOW })),
      ),
    );
    await scanner.tick();
    expect(scanner.sink.events.length).toBeGreaterThan(0);
    expect(scanner.sink.events.length).toBeLessThanOrEqual(most);
  });

  it.each([
    ["whose time has not come", NOW + 1_000, 0],
    // Those that were looked at already when the first was refused.
    ["behind one that the sink has refused", NOW, 8],
  ])("%s costs no call", async (_, notBefore, most) => {
    await using local = await startLocalLedger();
    const { ledger } = local;
    const request = failed(pendingRequest("c", 1), NOW, true);
    await ledger.create(pendingRequest("c", 1));
    const stored = await ledger.read(request.facts.name);
    if (!stored) throw new Error("not stored");
    await ledger.replace(stored, request);
    for (let repeats = 0; repeats < 50; repeats++)
      await ledger.noteUndelivered({ record: stored.name, attempt: 0, repeats, notBefore });
    let looks = 0;
    const list: typeof ledger.list = (filter, signal) => {
      looks++;
      return ledger.list(filter, signal);
    };
    const see = makeUndelivered({
      ledger: { ...ledger, list },
      sink: { send: () => Promise.resolve({ kind: "refused", status: 500 }) },
      now: () => NOW,
    });
    const { signal } = new AbortController();
    const { log } = makeTestLog();
    expect(await see({ signal, log })).toEqual({ undelivered: 50, asked: 0 });
    expect(looks).toBeLessThanOrEqual(most);
  });

  it("of an attempt before the last one needs nothing any more", async () => {
    await using scanner = await startScanner();
    const name = await withNote(scanner);
    const stored = await scanner.local.ledger.read(name);
    if (!stored) throw new Error("not stored");
    await scanner.local.ledger.replace(stored, { ...stored.request, attempt: 7 });
    scanner.clock.now += 1_000;
    await scanner.tick();
    expect(scanner.sink.events).toEqual([]);
    expect(await scanner.names()).toEqual([name]);
  });

  it("of a request that is gone needs nothing any more", async () => {
    await using scanner = await startScanner();
    await withNote(scanner);
    const stored = await scanner.local.ledger.read(pendingRequest("c", 1).facts.name);
    if (!stored) throw new Error("not stored");
    await scanner.local.ledger.remove(stored);
    scanner.clock.now += 1_000;
    await scanner.tick();
    expect(scanner.sink.events).toEqual([]);
    expect(await scanner.names()).toEqual([]);
  });
});
