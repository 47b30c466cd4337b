/** The builder as it is shipped: the image's bundle, the image's environment, the base's settings. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { bundle } from "../../../infra/kubernetes/images/bundle.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");

export interface ShippedBuilder {
  /** The file Node runs. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Bundles anew, in `folder`: what is measured is what the sources are now. */
export async function shippedBuilder(folder: string): Promise<ShippedBuilder> {
  const settings = await read("infra/kubernetes/base/statement-builder/settings.env");
  await bundle("statement-builder", folder);
  return {
    entry: join(folder, "index.mjs"),
    env: {
      ...(parseEnv(settings) as Record<string, string>),
      ...imageEnv(await read("infra/kubernetes/images/Containerfile")),
      NODE_COMPILE_CACHE: join(folder, "compile-cache"),
    },
  };
}

/** The variables of its ENV instruction. */
function imageEnv(containerfile: string): Record<string, string> {
  const [instruction = ""] = /^ENV NODE_ENV(.*\\\n)*.*$/m.exec(containerfile) ?? [];
  const variables = [...instruction.matchAll(/(\w+)=(\S+)/g)];
  if (variables.length === 0) throw new Error("the Containerfile sets no variables any more");
  return Object.fromEntries(variables.map(([, name = "", value = ""]) => [name, value]));
}

async function read(path: string): Promise<string> {
  return await readFile(join(REPOSITORY, path), "utf8");
}
