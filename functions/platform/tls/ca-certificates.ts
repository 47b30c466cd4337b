/** Certificates that somebody named to be trusted: TLS passes over what is none in silence, and refuses the server. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { getCACertificates, setDefaultCACertificates } from "node:tls";

const CERTIFICATE =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

/** Each by itself; undefined where one cannot be read, or there is none. */
export function certificatesIn(pem: string): readonly string[] | undefined {
  const found = pem.match(CERTIFICATE);
  try {
    return found?.map((one) => new X509Certificate(one).toString());
  } catch {
    return undefined;
  }
}

/**
 * @param setting whose value `file` is
 * @throws Error that names both when there are no certificates in it
 */
export function readCaFile(setting: string, file: string): string {
  const wanted = `${setting}: ${file} must hold certificates in PEM form`;
  let pem: string;
  try {
    pem = readFileSync(file, "utf8");
  } catch (cause) {
    throw new Error(wanted, { cause });
  }
  if (!certificatesIn(pem)) throw new Error(wanted);
  return pem;
}

/** Trusts the certificates of `K_CA_CERTS` besides the system's, in every TLS connection to come. */
export function trustCertificates(pem: string): void {
  setDefaultCACertificates([...getCACertificates("default"), ...(certificatesIn(pem) ?? [])]);
}
