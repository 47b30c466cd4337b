/** The ports that the page is not served on. */
import { isBlockedPort } from "../../infra/operator/ui/blocked-ports.ts";

test("are those that `fetch` refuses", async () => {
  const blocked = Array.from({ length: 65_535 }, (_, i) => i + 1).filter(isBlockedPort);
  expect(blocked).toHaveLength(82);
  for (const port of blocked)
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      cause: { message: "bad port" },
    });
});
