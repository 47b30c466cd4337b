import { describeError, makeLog } from "../../functions/platform/telemetry/log.ts";
import { makeTestLog } from "../support/functions/event-server.ts";

it("is one JSON object a line, with the function, a level by name and RFC 3339 time", () => {
  const { log, lines } = makeTestLog();
  log.info({ request: "r" }, "said");
  log.trace("below the level");
  expect(lines).toEqual([
    {
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
      function: "request-intake",
      request: "r",
      msg: "said",
    },
  ]);
});

it("describes an error with its causes, code and where it was thrown", () => {
  const cause = Object.assign(new TypeError("inner"), { code: "ECONNRESET" });
  const described = describeError(new Error("outer", { cause }));
  expect(described).toMatchObject({
    type: "Error",
    message: "outer",
    cause: { type: "TypeError", message: "inner", code: "ECONNRESET" },
  });
  expect(described.stack?.[0]).toContain("log.test.ts");
});

it.each(["body", "headers", "sql", "sqlMessage"])(
  "keeps the message of an error with `%s` out of the log",
  (key) => {
    const error = Object.assign(new Error("holds 4711"), { [key]: "4711", code: 409 });
    const described = describeError(new Error("outer", { cause: error }));
    expect(described.cause).toMatchObject({ type: "Error", code: "409" });
    expect(JSON.stringify(described)).not.toContain("4711");
  },
);

it("comes to an end when causes go round in a circle", () => {
  const error = new Error("round");
  error.cause = error;
  expect(JSON.stringify(describeError(error)).length).toBeLessThan(20_000);
});

test("what an id brings along is shown as its code, and says the same", () => {
  const lines: string[] = [];
  const log = makeLog(
    { name: "request-intake", level: "info" },
    { write: (line) => void lines.push(line) },
  );
  const event_id = "a\u009b31m\u202eb\u2028c\u001b[2J";
  log.info({ event_id }, "seen");
  const [line = ""] = lines;
  expect(line.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(JSON.parse(line)).toMatchObject({ event_id, msg: "seen" });
});
