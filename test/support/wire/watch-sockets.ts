import diagnostics from "node:diagnostics_channel";
import type { Socket } from "node:net";

/** The server's side of every connection to `port` from now on. */
export function watchSockets(port: () => number) {
  const open = new Set<Socket>();
  const onSocket = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket };
    if (socket.localPort !== port()) return;
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  };
  diagnostics.subscribe("net.server.socket", onSocket);
  return {
    open,
    [Symbol.dispose]: () => void diagnostics.unsubscribe("net.server.socket", onSocket),
  };
}
