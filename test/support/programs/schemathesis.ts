/** Schemathesis (PyPI, MIT): sends what an OpenAPI document allows and forbids, and holds the answers to it. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { onceInCache } from "../../../infra/local/programs/cache-folder.ts";
import { debianPackages } from "../../../infra/local/programs/debian-packages.ts";

const run = promisify(execFile);

const VERSION = "4.32.5";
/** It and all it needs, by version. */
const REQUIREMENTS = `
schemathesis==${VERSION}
anyio==4.16.0
certifi==2026.10.19.post1
charset-normalizer==3.5.3
click==8.5.1
graphql-core==3.3.2
harfile==0.6.0
hypothesis==6.170.17
hypothesis-graphql==0.13.5
idna==3.20
iniconfig==2.3.1
jsonschema_rs==0.60.3
markdown-it-py==4.3.0
MarkupSafe==3.0.4
mdurl==0.1.2
packaging==26.4
pluggy==1.7.0
Pygments==2.21.0
pyrate-limiter==4.5.1
pytest==9.2.0
PyYAML==6.0.4
requests==2.34.2
rich==15.0.0
sortedcontainers==2.4.0
typing_extensions==4.16.0
urllib3==2.8.0
Werkzeug==3.1.9
`;
const INSTALL = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"];

export interface Held {
  readonly ok: boolean;
  readonly text: string;
}

/** @throws Error where there is no Python, or no PyPI */
export async function holdTo(
  document: string,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Held> {
  const folder = await onceInCache(`schemathesis-${VERSION}`, async (unfinished) => {
    const requirements = join(unfinished, "requirements.txt");
    await writeFile(requirements, REQUIREMENTS);
    const install = [...INSTALL, `--target=${unfinished}`, `--requirement=${requirements}`];
    await run("python3", install).catch(async () => {
      await debianPackages(["python3-pip"], console.log);
      await run("python3", install);
    });
  });
  const program = "from schemathesis.cli import schemathesis; schemathesis()";
  const args = ["run", document, `--url=${url}`, `--checks=${CHECKS.join(",")}`, ...OPTIONS];
  for (const [name, value] of Object.entries(headers)) args.push(`--header=${name}: ${value}`);
  const env = { ...process.env, PYTHONPATH: folder, HYPOTHESIS_STORAGE_DIRECTORY: folder };
  try {
    // It leaves what it has found in the folder that it runs in.
    const where = { env, cwd: folder, maxBuffer: 2 ** 26 };
    const { stdout } = await run("python3", ["-c", program, ...args], where);
    return { ok: true, text: stdout };
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    return { ok: false, text: stdout + stderr };
  }
}

const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_headers_conformance",
  "response_schema_conformance",
  "unsupported_method",
];
/** The same examples each time. */
const OPTIONS = ["--seed=1", "--generation-deterministic", "--max-examples=50", "--no-color"];
