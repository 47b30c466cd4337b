/**
 * Asks for a statement from Node 20 or later, with the CloudEvents SDK (`npm install cloudevents`).
 *
 *     node request.mjs [ADDRESS OF REQUEST-INTAKE]     INTAKE_TOKEN for an intake that asks for tokens
 */
import { setTimeout as sleep } from "node:timers/promises";
import { CloudEvent, HTTP } from "cloudevents";

const address = process.argv[2] ?? "http://localhost:8081/";
const token = process.env["INTAKE_TOKEN"];

// It gets its id here, once. Keep it with your order: whoever repeats it must send the same source and id.
const event = new CloudEvent({
  type: "io.transactions-collector.statement.requested.v1",
  source: "/samples",
  data: { customer_id: "customer-000001", start_date: "2025-01-01", end_date: "2025-12-31" },
});
const { headers, body } = HTTP.binary(event);

for (let attempt = 1; ; attempt++) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) },
    body,
    signal: AbortSignal.timeout(30_000),
  }).catch((error) => error);

  if (answer.ok) {
    console.log(`recorded as ${answer.headers.get("ce-subject")}`);
    break;
  }
  const isAnswer = answer instanceof Response;
  const isFinal = isAnswer && ![408, 429].includes(answer.status) && answer.status < 500;
  if (isFinal || attempt === 5) {
    const reason = isAnswer
      ? `${answer.status} ${await answer.text()}`
      : (answer.cause?.code ?? answer.message);
    console.error(`not recorded: ${reason}`);
    process.exitCode = 1;
    break;
  }
  const after = isAnswer ? Number(answer.headers.get("retry-after")) : 0;
  await sleep((after || 2 ** (attempt - 1)) * 1000);
}
