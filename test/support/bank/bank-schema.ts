import { readFileSync } from "node:fs";

const FILE = new URL("../../../infra/local/cluster/sample-bank/schema.sql", import.meta.url);

/** SQL of the sample bank's tables and views, without a customer. */
export const BANK_SCHEMA = readFileSync(FILE, "utf8");
