/** `node send-event.ts URL PEM`: sends one event as a function would, and prints the result. */
import { makeCloudEventSink } from "../../../functions/platform/cloudevents/cloudevent-sink.ts";
import { makeLog } from "../../../functions/platform/telemetry/log.ts";
import { trustCertificates } from "../../../functions/platform/tls/ca-certificates.ts";
import { RECORDED_EVENT } from "./recorded-event.ts";

const [url = "", certificates = ""] = process.argv.slice(2);
if (certificates) trustCertificates(certificates);
const log = makeLog({ name: "request-intake", level: "silent" });
console.log(JSON.stringify(await makeCloudEventSink({ url, log }).send(RECORDED_EVENT)));
