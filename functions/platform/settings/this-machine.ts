/** Names and addresses that can only mean the machine itself; a name from a DNS server may mean any. */
const THIS_MACHINE = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

/** @param hostname without a port, as in a URL or a `Host` header */
export function isThisMachine(hostname: string): boolean {
  return THIS_MACHINE.test(hostname);
}
