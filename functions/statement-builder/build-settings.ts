import type { BankLogo, BankNames } from "../domain/bank-names.ts";
import type { Lane } from "../domain/statement-request.ts";
import type { OptionDefaults } from "./contents/chosen-options.ts";
import type { BuilderConfig } from "./config.ts";
import type { EncryptionSettings } from "./store/encryption.ts";
import type { TypeWords } from "../domain/statement-facts.ts";
import { readTypeWords } from "./formats/words/type-words.ts";
import { makeManifestSigner } from "./contents/manifest-signer.ts";
import type { SignManifest } from "./contents/statement-files.ts";
import type { Compression } from "./zip/statement-zip.ts";

/** What the installation decides about every statement. */
export interface BuildSettings {
  readonly execution: Lane;
  readonly compression: Compression;
  readonly defaults: OptionDefaults;
  /** Whether only the last four characters of a counterparty's account show. */
  readonly masked: boolean;
  /** How OFX names the bank. */
  readonly bankId: string | undefined;
  readonly bank: BankNames;
  readonly typeWords: TypeWords | undefined;
  readonly sign: SignManifest | undefined;
  readonly encryption: EncryptionSettings;
  /** Statements with more rows go to the Job lane. */
  readonly oversizedRows: number | undefined;
}

/** @throws Error when there is no key in SIGNING_KEY_FILE, no table in TYPE_WORDS_FILE, or no picture in BANK_LOGO_FILE */
export async function buildSettings(config: BuilderConfig): Promise<BuildSettings> {
  const { SIGNING_KEY_FILE, TYPE_WORDS_FILE, BANK_LOGO_FILE } = config;
  return {
    execution: config.EXECUTION,
    compression: config.COMPRESSION,
    defaults: {
      formats: config.STATEMENT_FORMATS,
      language: config.STATEMENT_LANGUAGE,
      csvByLanguage: config.CSV_BY_LANGUAGE,
    },
    masked: config.MASK_COUNTERPARTY_ACCOUNT,
    bankId: config.OFX_BANK_ID,
    bank: {
      name: config.BANK_NAME,
      bic: config.BANK_BIC,
      address: config.BANK_ADDRESS,
      legal: config.BANK_LEGAL,
      colour: config.BANK_COLOUR,
      logo: BANK_LOGO_FILE === undefined ? undefined : await readLogo(BANK_LOGO_FILE),
    },
    typeWords: TYPE_WORDS_FILE === undefined ? undefined : await readTypeWords(TYPE_WORDS_FILE),
    sign: SIGNING_KEY_FILE === undefined ? undefined : await makeManifestSigner(SIGNING_KEY_FILE),
    encryption: encryptionSettings(config),
    oversizedRows: config.OVERSIZED_ROWS,
  };
}

/** Loaded where there is one. */
async function readLogo(file: string): Promise<BankLogo> {
  const logo = await import("./formats/pdf/pdf-logo.ts");
  return await logo.readLogo(file);
}

export function encryptionSettings(config: BuilderConfig): EncryptionSettings {
  return {
    keyId: config.SSE_KMS_KEY_ID,
    keyIds: new Map(config.SSE_KMS_KEYS),
    context: Object.fromEntries(config.SSE_KMS_CONTEXT),
  };
}
