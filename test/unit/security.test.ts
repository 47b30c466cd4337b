/** SECURITY.md, sentence by sentence: whoever changes one has to say what holds it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { STATEMENT_READER } from "../../infra/local/cluster/sample-bank/create-schema.ts";
import { LOCAL_CREDENTIALS } from "../../infra/local/settings.ts";
import { REPOSITORY } from "../support/document-blocks.ts";
import { renderInstallation } from "../support/cluster/installation.ts";
import type { Manifest } from "../support/cluster/kustomize.ts";

const read = (path: string): string => readFileSync(join(REPOSITORY, path), "utf8");
const text = read("SECURITY.md");
const section = (title: string): string => {
  const [, body = ""] = new RegExp(`^## ${title}\n([^]*?)(?=^## |(?![^]))`, "m").exec(text) ?? [];
  return body;
};

const threats = section("Threat model")
  .split(/^### /m)
  .slice(1)
  .map((threat) => threat.replaceAll(/\s+/g, " ").trim())
  .map((threat) => threat.split(/ - \*\*(?:Reach|Defence|Tests):\*\* /));

describe("the threat model", () => {
  test("says of everybody who they are, what they reach, what stops them, and what shows it", () => {
    expect(threats.length).toBeGreaterThanOrEqual(15);
    for (const parts of threats) {
      expect(parts).toHaveLength(4);
      for (const part of parts) expect(part).not.toBe("");
      // Nothing else: a sentence behind the list is read as one of its tests.
      expect(parts[3]).toMatch(/^(?:- `[^`]+` "[^"]+" ?)+$/);
    }
  });

  const shown = threats.flatMap(([who = "", , , tests = ""]) =>
    [...tests.matchAll(/`([^`]+)` "([^"]+)"/g)].map(
      ([, file = "", name = ""]) => [who, file, name] as const,
    ),
  );
  test("has a test of every threat", () => {
    expect(new Set(shown.map(([who]) => who)).size).toBe(threats.length);
  });
  test.each(shown)("%s: %s has %j", (_who, file, name) => {
    expect(existsSync(join(REPOSITORY, file)) ? read(file) : "no such file").toContain(name);
  });

  test.each(threats.map(([who = "", , stop = ""]) => [who, stop] as const))(
    "what stops %s is there by its name",
    (_who, stop) => {
      const named = [...stop.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
      const sources = [
        read("functions/request-intake/config.ts"),
        read("functions/statement-builder/config.ts"),
        read("functions/platform/settings/config.ts"),
        read("functions/platform/settings/identity-variables.ts"),
        read("functions/platform/settings/s3-variables.ts"),
        read("functions/request-intake/index.ts"),
        read("infra/clients/package/package.ts"),
        read("infra/clients/consumer/index.ts"),
        read("package.json"),
      ].join("\n");
      const isThere = (name: string): boolean =>
        existsSync(join(REPOSITORY, "infra/kubernetes/components", name)) ||
        sources.includes(name.replace(/=.*$/, "").replace("transactions-collector/", "./"));
      expect(named.filter((name) => !isThere(name))).toEqual([]);
    },
  );
});

/** Of the three functions, as kustomize names them. */
const settingsOf = (manifests: readonly Manifest[]) =>
  manifests
    .filter(({ kind }) => kind === "ConfigMap")
    .filter(({ metadata }) =>
      /^(request-intake|pending-scanner|statement-builder)-[a-z0-9]{10}$/.test(metadata.name),
    )
    .map(({ data }) => data as Readonly<Record<string, string>>);

/** What holds each sentence; `true` for one that says what nobody can promise. */
const HELD: readonly (readonly [RegExp, true | (() => unknown)])[] = [
  [/^Whoever can write the bank's tables decides what a statement says\.$/, true],
  [/^Whoever administers the cluster, the bucket or the KMS key can read and remove\.$/, true],
  [
    /^With `IDENTITY=none`, which is in `local` and not in `production`, whoever reaches a function's port may send; each says so when it starts\.$/,
    async () => {
      const [local, production] = await Promise.all(
        ["overlays/local", "overlays/production"].map(async (on) =>
          settingsOf(await renderInstallation({ on })),
        ),
      );
      expect(local?.map((one) => one["IDENTITY"])).toEqual(["none", "none", "none"]);
      expect(production?.map((one) => one["IDENTITY"])).toEqual([undefined, undefined, undefined]);
      for (const one of production ?? []) expect(one["OIDC_ISSUER"]).toMatch(/^https:/);
      expect(read("functions/platform/server/senders.ts")).toContain(
        "IDENTITY=none: nobody is asked who they are",
      );
    },
  ],
  [
    /^The network policies of `production` contain placeholder addresses \(192\.0\.2\.0\/24\) until you change them\.$/,
    async () => {
      const rendered = await renderInstallation({ on: "overlays/production" });
      const policies = JSON.stringify(rendered.filter(({ kind }) => kind === "NetworkPolicy"));
      const cidrs = [...policies.matchAll(/"cidr":"([^"]+)"/g)].map(([, cidr]) => cidr);
      expect(cidrs.length).toBeGreaterThanOrEqual(4);
      for (const cidr of cidrs) expect(cidr).toMatch(/^192\.0\.2\.\d+\/32$/);
    },
  ],
  [
    /^The S3 of `make run` and its database's reader have passwords that everybody can read in the code: it is no place for real data\.$/,
    () => {
      expect(LOCAL_CREDENTIALS).toEqual({ accessKeyId: "local", secretAccessKey: "local-only" });
      expect(STATEMENT_READER.password).toBe("sample-bank-only");
    },
  ],
  [
    /^What a function may do|^Identity: |^Who may connect to whom: |^The bucket's rules: /,
    // Their links are followed in documents.test.ts.
    () => expect(section("What is not protected").match(/\]\(infra\//g)).toHaveLength(4),
  ],
  [
    /^Each image and the npm package carry a CycloneDX SBOM \(`sbom\.cdx\.json`\) and the licences of what is bundled \(`THIRD-PARTY-NOTICES\.txt`\)\.$/,
    () => {
      for (const program of [
        "infra/kubernetes/images/bundle.ts",
        "infra/clients/package/package.ts",
      ]) {
        expect(read(program)).toContain("sbom.cdx.json");
        expect(read(program)).toContain("THIRD-PARTY-NOTICES.txt");
      }
    },
  ],
  [
    /^Versions and hashes are those of `package-lock\.json`\.$/,
    () => {
      const { packages } = JSON.parse(read("package-lock.json")) as {
        readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
      };
      const others = Object.entries(packages).filter(([name]) => name.startsWith("node_modules/"));
      expect(others.length).toBeGreaterThan(100);
      expect(others.filter(([, { integrity }]) => !integrity?.startsWith("sha512-"))).toEqual([]);
    },
  ],
  [
    /^No install scripts run \(`\.npmrc`\)\.$/,
    () => expect(read(".npmrc")).toMatch(/^ignore-scripts=true$/m),
  ],
  [
    /^The base image holds no shell, unless you give one of your own\.$/,
    () => expect(read("test/unit/images.base.test.ts")).toContain("and no shell"),
  ],
];

const sentences = [section("What is not protected"), section("What is inside")].flatMap((body) =>
  body
    .replaceAll(/\s+/g, " ")
    .trim()
    .split(/(?<=\.|\)\.) (?=[A-Z])/),
);

test("there are sentences", () => {
  expect(sentences.length).toBeGreaterThanOrEqual(12);
});

test.each(sentences)("%s", async (sentence) => {
  const held = HELD.filter(([form]) => form.test(sentence));
  expect(held).toHaveLength(1);
  for (const [, check] of held) if (check !== true) await check();
});

test("nothing is held that is not said", () => {
  const unsaid = HELD.filter(([form]) => !sentences.some((sentence) => form.test(sentence)));
  expect(unsaid).toEqual([]);
});
