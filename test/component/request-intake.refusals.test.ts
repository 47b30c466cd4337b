import { postSampleRequest } from "../../infra/local/run/sample-request.ts";
import { postBatch, postStructured } from "../support/functions/event-server.ts";
import {
  at,
  ATTRIBUTES,
  codesOf,
  DATA,
  DAY,
  EVENT,
  NOW,
  refusal,
  REPLACED,
  startIntake,
} from "../support/functions/intake.ts";

describe("what is too much", () => {
  it.each(["id", "source", "subject"])("an attribute %s of more than a KiB", async (field) => {
    await using intake = await startIntake();
    const longest = { ...EVENT, [field]: `/${"x".repeat(1_023)}` };
    expect((await postStructured(intake.url, longest)).status).toBe(200);
    const longer = { ...EVENT, [field]: `/${"x".repeat(1_024)}` };
    expect(await postStructured(intake.url, longer)).toMatchObject(refusal(field, "too_long"));
  });

  it("sixty-five attributes", async () => {
    await using intake = await startIntake();
    const more = Array.from({ length: 60 }, (_, i) => [`x${i}`, "y"] as const);
    const event = { ...EVENT, ...Object.fromEntries(more) };
    expect(await postStructured(intake.url, event)).toMatchObject(
      refusal("attributes", "too_many"),
    );
  });

  it("a thousand and one events, which leave one line in the log", async () => {
    await using intake = await startIntake();
    const batch = Array.from({ length: 1_001 }, () => 0);
    expect(await postBatch(intake.url, batch)).toMatchObject({
      status: 400,
      body: { error: "too_many_events", problems: [] },
    });
    expect((await postBatch(intake.url, batch.slice(1))).status).toBe(400);
    const refused = intake.lines.filter(({ msg }) => msg === "event refused");
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({ refused: 1_000 });
    expect(JSON.stringify(refused[0]).length).toBeLessThan(2_000);
  });

  it("lets others have their turn meanwhile", async () => {
    await using intake = await startIntake();
    const batches = Array.from({ length: 8 }, () =>
      postBatch(
        intake.url,
        Array.from({ length: 400 }, (_, i) => ({ ...EVENT, id: `${i}`, type: "other" })),
      ),
    );
    let longest = 0;
    let last = performance.now();
    const clock = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    await Promise.all(batches);
    clearInterval(clock);
    expect(longest).toBeGreaterThan(0);
    // A stretch is ten milliseconds, beside garbage collection and what this machine does else.
    expect(longest).toBeLessThan(150);
  });
});

describe("what is not valid", () => {
  it.each([
    [{}, { data: undefined }, "data", "required"],
    [{}, { data: [] }, "data", "invalid_format"],
    [{ customer_id: undefined }, {}, "customer_id", "required"],
    [{ customer_id: "-c" }, {}, "customer_id", "invalid_format"],
    [{ customer_id: 1001 }, {}, "customer_id", "invalid_format"],
    [{ start_date: "2025-02-30" }, {}, "start_date", "invalid_format"],
    [{ start_date: "1.12.2025" }, {}, "start_date", "invalid_format"],
    [{ end_date: "2025-11-30" }, {}, "end_date", "end_before_start"],
    [{ start_date: "2023-01-01" }, {}, "end_date", "period_too_long"],
    [{ end_date: "2026-01-15" }, {}, "end_date", "period_not_over"],
    [{ end_date: "2099-12-31", start_date: "2099-12-01" }, {}, "end_date", "period_not_over"],
    [{ time_zone: "Mars/Olympus" }, {}, "time_zone", "unknown_time_zone"],
    [{ time_zone: "+02:00" }, {}, "time_zone", "unknown_time_zone"],
    [{ time_zone: 2 }, {}, "time_zone", "invalid_format"],
    [{ formats: ["docx"] }, {}, "formats", "unknown_format"],
    [{ formats: ["pdf", "pdf"] }, {}, "formats", "invalid_format"],
    [{ formats: [] }, {}, "formats", "invalid_format"],
    [{ formats: "pdf" }, {}, "formats", "invalid_format"],
    [{ language: "ja" }, {}, "language", "unknown_language"],
    [{ partial: "yes" }, {}, "partial", "invalid_format"],
    [{ partial: true, end_date: "2026-01-16" }, {}, "end_date", "period_not_begun"],
    [{ include_pending: 1 }, {}, "include_pending", "invalid_format"],
    [{ supersedes: "the last one" }, {}, "supersedes", "invalid_format"],
    [{ supersedes: `c-1002-${REPLACED}` }, {}, "supersedes", "other_statement"],
    [{ supersedes: `c-1001-1-2-1768478398123` }, {}, "supersedes", "other_statement"],
    [{ callback_url: "http://hooks.example.com/" }, {}, "callback_url", "invalid_format"],
    [{ callback_url: "https://a@hooks.example.com/" }, {}, "callback_url", "invalid_format"],
    [{ callback_url: "https://hooks.example.com/#a" }, {}, "callback_url", "invalid_format"],
    [{ callback_url: "https://hooks.example.com/" }, {}, "callback_url", "callbacks_off"],
    [{ csv: ";" }, {}, "csv", "invalid_format"],
    [{ csv: { quote: "'" } }, {}, "csv.quote", "unknown_field"],
    [{ csv: { bom: "yes" } }, {}, "csv.bom", "invalid_format"],
    [{ csv: { delimiter: ":" } }, {}, "csv.delimiter", "unknown_delimiter"],
    [
      { csv: { delimiter: ",", decimal_comma: true } },
      {},
      "csv.decimal_comma",
      "delimiter_is_comma",
    ],
    [{ priority: "high" }, {}, "priority", "unsupported_option"],
    [{ iban: "x" }, {}, "iban", "unknown_field"],
    [{ "DE89 3704 0044": "x" }, {}, "data", "unknown_field"],
    [{ DE89370400440532013000: "x" }, {}, "data", "unknown_field"],
    [{}, { time: undefined }, "time", "time_missing"],
    [{}, { time: "2026-01-15 11:59:58Z" }, "time", "invalid_format"],
    [{}, { time: "2025-12-17T11:59:59Z" }, "time", "time_out_of_window"],
    [{}, { time: "2026-01-15T13:00:01Z" }, "time", "time_out_of_window"],
    [{}, { time: "0001-01-01T00:00:00Z" }, "time", "time_out_of_window"],
    [{}, { type: "io.transactions-collector.statement.due.v1" }, "type", "unsupported_type"],
    [{}, { datacontenttype: "text/plain", data: "x" }, "data", "invalid_format"],
    [
      {},
      { datacontenttype: "text/plain", data_base64: "eA==" },
      "datacontenttype",
      "invalid_format",
    ],
  ])("data %j, event %j", async (data, change, field, code) => {
    await using intake = await startIntake();
    const event = { ...EVENT, data: { ...DATA, ...data }, ...change };
    const { data: _, ...withoutData } = event;
    const sent = "data_base64" in change ? withoutData : event;
    expect(await postStructured(intake.url, sent)).toMatchObject(refusal(field, code));
    expect(await intake.names()).toEqual([]);
    expect(intake.sink.events).toEqual([]);
  });

  it("is told with every problem at once", async () => {
    await using intake = await startIntake();
    const { time: _, ...timeless } = EVENT;
    const data = { start_date: "today", end_date: "2025-12-31", priority: 1, colour: 1 };
    const reply = await postStructured(intake.url, { ...timeless, data });
    expect(reply).toMatchObject({ status: 400, body: { error: "invalid_event" } });
    expect(new Set(codesOf(reply))).toEqual(
      new Set([
        { index: 0, field: "time", code: "time_missing" },
        { index: 0, field: "customer_id", code: "required" },
        { index: 0, field: "start_date", code: "invalid_format" },
        { index: 0, field: "priority", code: "unsupported_option" },
        { index: 0, field: "colour", code: "unknown_field" },
      ]),
    );
  });

  it("a field that nobody knows is told with those there are", async () => {
    await using intake = await startIntake();
    const data = { ...DATA, customerId: "acme-42", csv: { decimal: "," } };
    const { body } = await postStructured(intake.url, { ...EVENT, data });
    const { problems } = body as { problems: readonly { field: string; allowed?: string[] }[] };
    const allowed = Object.fromEntries(problems.map((one) => [one.field, one.allowed]));
    expect(allowed["customerId"]).toEqual(expect.arrayContaining(["customer_id", "start_date"]));
    expect(allowed["csv.decimal"]).toEqual(expect.arrayContaining(["decimal_comma", "delimiter"]));
  });

  it("what is wrong today is told with what is always wrong", async () => {
    await using intake = await startIntake();
    const data = { ...DATA, start_date: "2020-01-01", end_date: "2026-01-16", time_zone: "Mars/X" };
    const time = at(NOW - 40 * DAY);
    const reply = await postStructured(intake.url, { ...EVENT, time, data });
    expect(new Set(codesOf(reply).map(({ field, code }) => `${field} ${code}`))).toEqual(
      new Set([
        "time_zone unknown_time_zone",
        "end_date period_too_long",
        "end_date period_not_over",
        "time time_out_of_window",
      ]),
    );
    expect(JSON.stringify(reply.body)).toContain('"limit":"24 months"');
  });

  it("fields beside the data are told where they belong", async () => {
    await using intake = await startIntake();
    const reply = await postStructured(intake.url, { ...ATTRIBUTES, ...DATA });
    expect(codesOf(reply)).toEqual([
      { index: 0, field: "data", code: "required" },
      { index: 0, field: "customer_id", code: "belongs_in_data" },
      { index: 0, field: "start_date", code: "belongs_in_data" },
      { index: 0, field: "end_date", code: "belongs_in_data" },
    ]);
  });

  it("an event that is none is told what is wrong with its data too", async () => {
    await using intake = await startIntake();
    const reply = await postStructured(intake.url, {
      ...EVENT,
      id: "",
      data: { ...DATA, language: "xx" },
    });
    expect(codesOf(reply)).toEqual([
      { index: 0, field: "id", code: "required" },
      { index: 0, field: "language", code: "unknown_language" },
    ]);
  });

  it("an event that is none is told what is wrong with its days, its time and its callback too", async () => {
    await using intake = await startIntake();
    const reply = await postStructured(intake.url, {
      ...EVENT,
      subject: 1,
      source: "no URI",
      dataschema: "no URI",
      time: at(NOW - 40 * DAY),
      data: {
        ...DATA,
        start_date: "2020-01-01",
        end_date: "2026-01-16",
        language: "xx",
        formats: Array(6).fill("pdf"),
        callback_url: "https://hooks.example.com/",
        supersedes: `c-1002-${REPLACED}`,
      },
    });
    expect(new Set(codesOf(reply).map(({ field, code }) => `${field} ${code}`))).toEqual(
      new Set([
        "subject invalid_format",
        "source invalid_format",
        "dataschema invalid_format",
        "time time_out_of_window",
        "formats invalid_format",
        "language unknown_language",
        "end_date period_too_long",
        "end_date period_not_over",
        "callback_url callbacks_off",
        "supersedes other_statement",
      ]),
    );
  });

  it("its time is told once, and missed where the data is all there is", async () => {
    await using intake = await startIntake();
    const spoilt = await postStructured(intake.url, { ...EVENT, time: "noon", source: "no URI" });
    expect(codesOf(spoilt)).toEqual([
      { index: 0, field: "source", code: "invalid_format" },
      { index: 0, field: "time", code: "invalid_format" },
    ]);
    const { time: _, ...timeless } = EVENT;
    expect(codesOf(await postStructured(intake.url, { ...timeless, id: "" }))).toEqual([
      { index: 0, field: "id", code: "required" },
      { index: 0, field: "time", code: "time_missing" },
    ]);
  });

  it("a source that is not on the list", async () => {
    await using intake = await startIntake({ rules: { allowedSources: [{ source: "/billing" }] } });
    expect(await postStructured(intake.url, EVENT)).toMatchObject(
      refusal("source", "source_not_allowed", 403),
    );
    expect((await postStructured(intake.url, { ...EVENT, source: "/billing" })).status).toBe(200);
  });

  it("a day is over when it is over in the zone of the request", async () => {
    await using intake = await startIntake();
    const yesterdayIn = (time_zone: string) =>
      postStructured(intake.url, {
        ...EVENT,
        id: time_zone,
        data: { ...DATA, end_date: "2026-01-15", time_zone },
      });
    // 12:00 in UTC is two hours into the 16th there, and still the 15th here.
    expect((await yesterdayIn("Pacific/Kiritimati")).status).toBe(200);
    expect(await yesterdayIn("Pacific/Honolulu")).toMatchObject(
      refusal("end_date", "period_not_over"),
    );
  });
});

it("a partial statement may end today", async () => {
  await using intake = await startIntake();
  const data = { ...DATA, end_date: "2026-01-15", partial: true };
  expect(await postStructured(intake.url, { ...EVENT, data })).toMatchObject({ status: 200 });
});

describe("a callback", () => {
  const callback_url = "https://hooks.example.com/done?access_token=a";
  const data = { ...DATA, callback_url };
  const rules = { callbackHosts: ["hooks.example.com:443"] };

  it("is kept as it was sent", async () => {
    await using intake = await startIntake({ rules });
    expect(await postStructured(intake.url, { ...EVENT, data })).toMatchObject({ status: 200 });
    const [record] = await intake.local.configMaps();
    expect(JSON.parse(record?.data?.["options"] ?? "")).toEqual({ callback_url });
  });

  it.each([
    ["https://other.example.com/", "another host"],
    ["https://hooks.example.com:8443/", "another port"],
    ["https://hooks.example.com.other.example/", "a longer name"],
    ["https://127.0.0.1/", "an address"],
    ["https://[::1]/", "another address"],
  ])("%s is not called: %s", async (url) => {
    await using intake = await startIntake({ rules });
    const reply = await postStructured(intake.url, {
      ...EVENT,
      data: { ...DATA, callback_url: url },
    });
    expect(reply).toMatchObject(refusal("callback_url", "host_not_allowed"));
    expect(await intake.local.configMaps()).toEqual([]);
    expect(JSON.stringify(intake.lines)).not.toContain(url);
  });

  it("to elsewhere is another request, which its id cannot be", async () => {
    await using intake = await startIntake({ rules });
    expect(await postStructured(intake.url, { ...EVENT, data })).toMatchObject({ status: 200 });
    const reply = await postStructured(intake.url, EVENT);
    expect(reply).toMatchObject(refusal("id", "event_conflict"));
  });

  it("is answered for as before when its host is listed no more", async () => {
    const listed = { callbackHosts: ["hooks.example.com:443"] };
    await using intake = await startIntake({ rules: listed });
    const first = await postStructured(intake.url, { ...EVENT, data });
    listed.callbackHosts.length = 0;
    expect(await postStructured(intake.url, { ...EVENT, data })).toEqual(first);
    const reply = await postStructured(intake.url, { ...EVENT, id: "e-2", data });
    expect(reply).toMatchObject(refusal("callback_url", "callbacks_off"));
  });

  it("is told of together with what else is wrong", async () => {
    await using intake = await startIntake();
    const wrong = { ...data, language: "ja" };
    const reply = await postStructured(intake.url, { ...EVENT, data: wrong });
    expect(reply.body).toMatchObject({
      problems: [
        { field: "language", code: "unknown_language" },
        { field: "callback_url", code: "callbacks_off" },
      ],
    });
  });
});

test("what make demo says of a wrong START_DATE is intake's own word", async () => {
  await using intake = await startIntake();
  intake.clock.now = Date.now();
  await expect(postSampleRequest(intake.url, { start_date: "2025-13-01" })).rejects.toThrow(
    /^request-intake refused the sample event \(400\): start_date: [A-Z][^{]*[.]$/,
  );
});
