import { makeSenders } from "../../functions/platform/server/senders.ts";

const SOMEBODY = "system:serviceaccount:somebody:else";
const BROKER = "system:serviceaccount:statements:broker";

/** @returns what a good token of `subject` is told */
async function admit(
  subject: string,
  path: { readonly senders?: readonly string[]; readonly namedOnly?: boolean },
  allowed?: readonly string[],
): Promise<string> {
  const verify = () => Promise.resolve({ kind: "sender" as const, subject });
  return (await makeSenders(verify, allowed).admit("Bearer x", path)).kind;
}

test("without a list of subjects, a path of named ones admits nobody", async () => {
  expect(await admit(SOMEBODY, { namedOnly: true })).toBe("stranger");
  expect(await admit(SOMEBODY, {})).toBe("admitted");
});

test("with a list, it admits those on it, and others of the path's own", async () => {
  expect(await admit(BROKER, { namedOnly: true }, [BROKER])).toBe("admitted");
  expect(await admit(SOMEBODY, { namedOnly: true }, [BROKER])).toBe("stranger");
  expect(await admit(SOMEBODY, { namedOnly: true, senders: [SOMEBODY] })).toBe("admitted");
});
