import { freePort, isFree } from "../programs/free-port.ts";
import { isBlockedPort } from "../../operator/ui/blocked-ports.ts";
import { type LocalSettings, type PortName, PORTS } from "../settings.ts";

export type LocalPorts = Readonly<Record<PortName, number>>;

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
    if (isBlockedPort(ports[name]))
      throw new Error(`PORT_OFFSET is not valid: no browser asks port ${ports[name]} (${name})`);
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
