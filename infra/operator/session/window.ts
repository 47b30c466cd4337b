/** How long an installation takes an event, and how long it keeps its record: intake and scanner are each told both. */
import { readConfig } from "../../../functions/platform/settings/config.ts";
import {
  eventWindow,
  type EventWindow,
} from "../../../functions/platform/settings/event-window.ts";
import { readServiceVariables, type Kubectl } from "./service-variables.ts";

export interface Windows {
  readonly intake: EventWindow;
  readonly scanner: EventWindow;
}

const NAMES = new Set(Object.keys(eventWindow.shape));

/** Rejects when a Service cannot be read, or has a value that is not valid. */
export async function readWindows(kubectl: Kubectl, namespace: string): Promise<Windows> {
  const read = async (service: string): Promise<EventWindow> =>
    readConfig(
      eventWindow,
      await readServiceVariables(kubectl, { namespace, service, names: NAMES }),
    );
  const [intake, scanner] = await Promise.all([read("request-intake"), read("pending-scanner")]);
  return { intake, scanner };
}
