import * as z from "zod";
import { list, variable } from "./variables.ts";

/** A DNS name, never an address: its last label begins with a letter. */
const HOST =
  /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?(:[1-9]\d{0,4})?$/;

/** A port is a number up to 65535. */
function isAddress(host: string): boolean {
  return URL.canParse(`https://${host}`);
}

/** Whom a request may have called back, as `name:port` each; nobody when not set. Intake and builder need the same. */
export const CALLBACK_HOSTS = variable(
  list()
    .pipe(z.array(z.string().toLowerCase().regex(HOST).refine(isAddress)))
    .transform((hosts) => hosts.map((host) => (host.includes(":") ? host : `${host}:443`)))
    .default([]),
  {
    expected: "names of hosts separated by commas, each with its port unless that is 443",
    example: "hooks.example.com, partner.example.org:8443",
  },
);
