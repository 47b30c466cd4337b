/**
 * Keeps connections out of every network but the public one. A name is resolved once for each connection,
 * and what was looked at is what is connected to: a name that resolves to something else the next time
 * gains nothing.
 */
import type { LookupAddress, LookupOptions } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

/** What has been given out for the public network (RFC 4291, section 2.4). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * Neither private, loopback, link-local, unique local, shared, reserved or multicast, nor an IPv4 address
 * inside of an IPv6 one (mapped, NAT64, 6to4, Teredo).
 */
export function isPublicAddress(text: string): boolean {
  if (isIP(text) === 0) return false;
  const address = ipaddr.parse(text);
  const isGivenOut = address instanceof ipaddr.IPv6 ? address.match(GLOBAL_UNICAST) : true;
  return isGivenOut && address.range() === "unicast";
}

/** A name has an address that may not be connected to. */
class PrivateAddress extends Error {
  override readonly name = "PrivateAddress";
  readonly code = "private_address";
}

export type Resolve = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** For a connection. One address that is not allowed refuses the name, whatever the others are. */
export function guardedLookup(
  resolve: Resolve,
  isAllowed: (address: string) => boolean,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) {
        callback(error, "");
        return;
      }
      const [first] = addresses;
      if (!first || !addresses.every(({ address }) => isAllowed(address)))
        callback(new PrivateAddress("the name leads to no public address"), "");
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
