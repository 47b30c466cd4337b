/** With which KMS key an object is encrypted: each tenant, which is a source of events, may have its own. */

export interface Encryption {
  /** Id or ARN of the KMS key. */
  readonly keyId: string;
  /** Needed again to decrypt, and written in the logs of the key's use; no secrets. */
  readonly context: Readonly<Record<string, string>>;
}

export interface EncryptionSettings {
  /** For sources without a key of their own; without it they have the bucket's default. */
  readonly keyId?: string | undefined;
  /** By exact source. */
  readonly keyIds: ReadonlyMap<string, string>;
  /** In a value, `{source}` stands for the source of the request's event. */
  readonly context: Readonly<Record<string, string>>;
}

/** `undefined` leaves it to the bucket's default. */
export function encryptionFor(
  source: string,
  settings: EncryptionSettings,
): Encryption | undefined {
  const keyId = settings.keyIds.get(source) ?? settings.keyId;
  if (keyId === undefined) return undefined;
  const context = Object.entries(settings.context).map(([name, value]) => [
    name,
    value.replaceAll("{source}", source),
  ]);
  return { keyId, context: Object.fromEntries(context) as Record<string, string> };
}
