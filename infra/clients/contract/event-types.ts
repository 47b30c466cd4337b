/**
 * Knative's EventType objects, for whoever browses the cluster. An EventType's specification can
 * never be changed, and the API server stores it in an older version that holds just these
 * attributes in this order.
 */
import {
  dataSchemaUri,
  EVENTS,
  eventType,
  type EventName,
} from "../../../functions/domain/events/event-types.ts";

const INTAKE = { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "request-intake" };
const BROKER = { apiVersion: "eventing.knative.dev/v1", kind: "Broker", name: "statements" };
const namespace = "statements";

export function eventTypeObject(name: EventName): object {
  const { says, senders } = EVENTS[name];
  const [sender, ...others] = senders;
  // The source is stated where there is but one.
  const isOne = sender !== undefined && others.length === 0;
  return {
    apiVersion: "eventing.knative.dev/v1beta3",
    kind: "EventType",
    metadata: {
      name: eventType(name),
      namespace,
      annotations: { "kubernetes.io/description": says },
    },
    spec: {
      reference: { ...(name === "requested" ? INTAKE : BROKER), namespace },
      attributes: [
        { name: "specversion", required: true },
        { name: "id", required: true },
        { name: "type", required: true, value: eventType(name) },
        {
          name: "source",
          required: true,
          ...(isOne && { value: `/transactions-collector/${sender}` }),
        },
        { name: "schemadata", required: false, value: dataSchemaUri(name) },
      ],
    },
  };
}
