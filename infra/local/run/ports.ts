import { freePort, isFree } from "../programs/free-port.ts";
import { type LocalSettings, type PortName, PORTS } from "../settings.ts";

export type LocalPorts = Readonly<Record<PortName, number>>;

/**
 * Of the ports that browsers and `fetch` refuse to ask, the one that an offset leads to.
 * Source: https://fetch.spec.whatwg.org/#port-blocking
 */
const BLOCKED_PORT = 10_080;

/** Decides every port before anything is started. @throws Error that names those that cannot be used. */
export async function choosePorts(
  offset: LocalSettings["portOffset"],
  needed: readonly PortName[],
): Promise<LocalPorts> {
  const ports: Record<PortName, number> = { ...PORTS };
  const chosen = new Set<number>();
  const taken: string[] = [];
  for (const name of Object.keys(PORTS) as PortName[]) {
    ports[name] = offset === "free" ? await anotherFreePort(chosen) : PORTS[name] + offset;
    if (ports[name] === BLOCKED_PORT)
      throw new Error(`PORT_OFFSET is not valid: no browser asks port ${BLOCKED_PORT} (${name})`);
    chosen.add(ports[name]);
    if (needed.includes(name) && !(await isFree(ports[name])))
      taken.push(`${ports[name]} (${name})`);
  }
  if (taken.length === 0) return ports;
  throw new Error(
    `in use already: port ${taken.join(", ")}. Stop what listens there ` +
      "(another `make run`?), or move all ports: add PORT_OFFSET=1000 to the command.",
  );
}

/** Nothing listens yet on those that were chosen. */
async function anotherFreePort(chosen: ReadonlySet<number>): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (!chosen.has(port)) return port;
  }
}
