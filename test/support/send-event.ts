/** `node send-event.ts URL PEM`: sends one event as a function would, and prints the result. */
import { recordedEvent } from "../../functions/domain/events.ts";
import { recordRequest } from "../../functions/domain/statement-request.ts";
import { makeCloudEventSink, trustCertificates } from "../../functions/platform/cloudevent-sink.ts";
import { makeLog } from "../../functions/platform/log.ts";

const [url = "", certificates = ""] = process.argv.slice(2);
if (certificates) trustCertificates(certificates);
const request = recordRequest({
  name: "transaction-request-c-1768478400000",
  customerId: "c",
  startDate: "2025-12-01",
  endDate: "2025-12-31",
  timeZone: "UTC",
  options: {},
  event: { source: "/bank", id: "1", type: "t", time: 1_768_478_400_000 },
  recordedAt: 1_768_478_400_000,
});
const log = makeLog({ name: "request-intake", level: "silent" });
console.log(JSON.stringify(await makeCloudEventSink({ url, log }).send(recordedEvent(request))));
