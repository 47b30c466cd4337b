/**
 * SinkBindings that have missed their Broker. One whose Broker was made anew stays without its address, for as long as
 * nobody changes it (seen on Knative 1.22), and what is applied meanwhile is stored without K_SINK.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { kubectl, liveObjects, type ClusterObject } from "./kubectl.ts";
import { conditionOf } from "./readiness.ts";

const LOOKED_AT = "transactions-collector.io/looked-at";
/** One that is to find its Broker by itself has done so by then. */
const PATIENCE_MS = 2_000;
const TIMEOUT_MS = 20_000;

/**
 * Has those that lack the address look for it again, and waits until they have it: no longer than a moment, as the wait
 * for everything follows.
 *
 * @param manifests of SinkBindings whose Broker is ready
 */
export async function findBroker(manifests: string, log: (line: string) => void): Promise<void> {
  const began = performance.now();
  let isChanged = false;
  for (;;) {
    const lost = (await liveObjects(manifests)).filter(lacksAddress);
    const waited = performance.now() - began;
    if (lost.length === 0 || waited > TIMEOUT_MS) return;
    if (!isChanged && waited > PATIENCE_MS) {
      log(`${lost.length} SinkBindings have missed their Broker: having them look again`);
      for (const { metadata } of lost) {
        const binding = ["sinkbindings.sources.knative.dev", metadata.name];
        const change = [`${LOOKED_AT}=${new Date().toISOString()}`, "--overwrite"];
        await kubectl(["annotate", ...binding, "-n", metadata.namespace ?? "", ...change]);
      }
      isChanged = true;
    }
    await sleep(500);
  }
}

function lacksAddress(one: ClusterObject): boolean {
  return conditionOf(one, "Ready")?.reason === "NoAddressable";
}
