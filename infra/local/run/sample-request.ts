/** The sample event of `infra/clients/samples/`, posted as an upstream service would. */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { readRefusal } from "../../operator/act/refusal.ts";

const SAMPLE = new URL("../../clients/samples/statement-requested.json", import.meta.url);

const sampleEvent = z.looseObject({ data: z.record(z.string(), z.string()) });
const recordedEvent = z.looseObject({ type: z.string(), subject: z.string() });

export interface PostedRequest {
  /** Name of its record in the ledger. */
  readonly name: string;
  readonly status: number;
  /** Type of the event in the answer. */
  readonly answer: string;
}

/** A new request each time: id and time are filled in. @throws Error with what intake answered */
export async function postSampleRequest(
  intakeUrl: string,
  replaced: Readonly<Record<string, string>>,
): Promise<PostedRequest> {
  const sample = sampleEvent.parse(JSON.parse(await readFile(SAMPLE, "utf8")));
  const response = await fetch(intakeUrl, {
    method: "POST",
    headers: { "content-type": "application/cloudevents+json" },
    body: JSON.stringify({
      ...sample,
      id: randomUUID(),
      time: new Date().toISOString(),
      data: { ...sample.data, ...replaced },
    }),
  });
  const text = await response.text();
  if (response.status !== 200) {
    const told = toldOf(text);
    throw new Error(`request-intake refused the sample event (${response.status}): ${told}`);
  }
  return { status: response.status, ...readAnswer(response.headers, text) };
}

/** Its fields are those of CUSTOMER, START_DATE and END_DATE. */
function toldOf(text: string): string {
  const { problems = [], words = text } = readRefusal(text) ?? {};
  return problems.map((one) => `${one.field}: ${one.words}`).join(" ") || words;
}

/** The answer is one event, in binary or structured mode. */
function readAnswer(headers: Headers, text: string): { name: string; answer: string } {
  const { type, subject } = recordedEvent.parse({
    ...(JSON.parse(text) as object),
    ...(headers.has("ce-type") && {
      type: headers.get("ce-type"),
      subject: headers.get("ce-subject"),
    }),
  });
  return { name: subject, answer: type };
}

/** What a person can paste into a shell to ask for another statement. */
export function curlExample(intakeUrl: string): string {
  const data = { customer_id: "customer-000002", start_date: "2025-01-01", end_date: "2025-03-31" };
  return [
    `curl -i ${intakeUrl} -H 'content-type: application/json' -H 'ce-specversion: 1.0'`,
    `-H 'ce-type: io.transactions-collector.statement.requested.v1' -H 'ce-source: /curl'`,
    `-H "ce-id: $(date +%s%N)" -H "ce-time: $(date -u +%Y-%m-%dT%H:%M:%SZ)"`,
    `-d '${JSON.stringify(data)}'`,
  ].join(" \\\n  ");
}
