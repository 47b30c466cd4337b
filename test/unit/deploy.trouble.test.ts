import { reasonIn } from "../../infra/kubernetes/deploy/trouble.ts";

const line = (fields: object): string => JSON.stringify({ level: "warn", ...fields });

test("every cause is said: a refused login is another thing than no answer", () => {
  const err = {
    message: "no connection to the database",
    cause: { code: "ER_ACCESS_DENIED_ERROR", message: "Access denied for user 'statements'" },
  };
  const log = [line({ msg: "not ready", err }), line({ msg: "request answered" }), "text"];
  expect(reasonIn(log.join("\n"))).toBe(
    "no connection to the database: ER_ACCESS_DENIED_ERROR Access denied for user 'statements'",
  );
});

test("of two the last one counts, and without one that is said", () => {
  const log = ["gone", "refused"].map((message) => line({ msg: "not ready", err: { message } }));
  expect(reasonIn(log.join("\n"))).toBe("refused");
  expect(reasonIn("")).toBe("its log does not say why");
});
