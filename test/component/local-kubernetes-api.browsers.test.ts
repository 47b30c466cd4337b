/** Any web site can send the browsers of its visitors to 127.0.0.1: the ledger is not for them. */
import { request } from "node:http";
import { startLocalKubernetesApi } from "../../infra/local/cluster/kubernetes-api/server.ts";

async function ask(
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  request(`${url}/api/v1/namespaces`, { method, headers }, (answer) => {
    answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
  })
    .on("error", reject)
    .end(method === "POST" ? `{"metadata":{"name":"made-by-a-web-site"}}` : undefined);
  return await promise;
}

const JSON_BODY = { "content-type": "application/json" };

test.each<[string, string, Readonly<Record<string, string>>, number]>([
  ["a program", "GET", {}, 200],
  ["a program that writes", "POST", JSON_BODY, 201],
  ["another host's name", "GET", { host: "other.example" }, 403],
  ["another host's name", "POST", { ...JSON_BODY, host: "other.example:8001" }, 403],
  ["a page of another site", "POST", { ...JSON_BODY, origin: "http://other.example" }, 403],
  ["a page without an origin", "POST", { ...JSON_BODY, origin: "null" }, 403],
  ["a browser that follows a link", "GET", { "sec-fetch-site": "cross-site" }, 403],
  ["a body without a type", "POST", {}, 415],
])("%s (%s)", async (_who, method, headers, status) => {
  await using api = await startLocalKubernetesApi({ token: "known" });
  expect(await ask(api.url, method, { authorization: "Bearer known", ...headers })).toBe(status);
});

test.each([{}, { authorization: "Bearer guessed" }, { authorization: "known" }])(
  "another user of this machine, who does not know the token: %j",
  async (headers) => {
    await using api = await startLocalKubernetesApi({ token: "known" });
    expect(await ask(api.url, "GET", headers)).toBe(401);
    expect(await ask(api.url, "POST", { ...JSON_BODY, ...headers })).toBe(401);
  },
);

test("kubectl, which sends a server without TLS no credentials, has the token in its server's path", async () => {
  await using api = await startLocalKubernetesApi({ token: "known" });
  expect(api.kubeconfig()).toContain(`"server": "${api.url}/known"`);
  expect(await ask(`${api.url}/known`, "GET", {})).toBe(200);
  expect(await ask(`${api.url}/guessed`, "GET", {})).toBe(401);
});

test("each start has a token of its own, which its kubeconfig knows", async () => {
  await using first = await startLocalKubernetesApi();
  await using second = await startLocalKubernetesApi();
  const tokenIn = (text: string) => /"token": "([\w-]{32})"/.exec(text)?.[1] ?? "";
  const token = tokenIn(first.kubeconfig());
  expect(await ask(first.url, "GET", { authorization: `Bearer ${token}` })).toBe(200);
  expect(tokenIn(second.kubeconfig())).not.toBe(token);
  expect(await ask(second.url, "GET", { authorization: `Bearer ${token}` })).toBe(401);
});
