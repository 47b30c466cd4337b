/**
 * What each folder MAY import: its own files and what stands here, other folders and packages alike.
 * Everything else is refused, and so is every circle, types included. ARCHITECTURE.md draws it.
 *
 * A row is a folder with all below it, unless a deeper folder has a row of its own. `node:` stands for
 * Node's own modules.
 */
const DOMAIN = "functions/domain";
const VERIFICATION = "functions/verification";
const PLATFORM = "functions/platform";
const CLOCK = `${PLATFORM}/clock`;
const LIMITS = `${PLATFORM}/limits`;
const TLS = `${PLATFORM}/tls`;
const SETTINGS = `${PLATFORM}/settings`;
const TELEMETRY = `${PLATFORM}/telemetry`;
const HTTP = `${PLATFORM}/http`;
const CLOUDEVENTS = `${PLATFORM}/cloudevents`;
const IDENTITY = `${PLATFORM}/identity`;
const LEDGER = `${PLATFORM}/ledger`;
const SERVER = `${PLATFORM}/server`;
const STORE = `${PLATFORM}/store`;
const REQUESTS = `${PLATFORM}/requests`;
const BUILDER = "functions/statement-builder";

const MAY_IMPORT = {
  [DOMAIN]: ["zod", "temporal-polyfill"],
  [VERIFICATION]: [DOMAIN, "@noble/hashes"],

  [CLOCK]: ["node:"],
  [LIMITS]: [CLOCK],
  [TLS]: ["node:"],
  [HTTP]: [CLOCK, "node:", `${SETTINGS}/this-machine.ts`],
  [SETTINGS]: [TLS, "node:", "zod"],
  [TELEMETRY]: [DOMAIN, CLOCK, TLS, SETTINGS, "node:", "pino", "prom-client", "@opentelemetry/*"],
  [CLOUDEVENTS]: [DOMAIN, LIMITS, TELEMETRY, "node:", "cloudevents"],
  [IDENTITY]: [LIMITS, SETTINGS, TELEMETRY, "node:", "zod", "jose", "@kubernetes/client-node"],
  [LEDGER]: [DOMAIN, CLOCK, LIMITS, TELEMETRY, IDENTITY, "node:"],
  [SERVER]: [
    DOMAIN,
    CLOCK,
    LIMITS,
    HTTP,
    SETTINGS,
    TELEMETRY,
    CLOUDEVENTS,
    IDENTITY,
    LEDGER,
    "node:",
    "zod",
  ],
  [STORE]: [
    DOMAIN,
    CLOCK,
    LIMITS,
    TLS,
    `${SETTINGS}/this-machine.ts`,
    "node:",
    "@aws-sdk/client-s3",
    "@aws-sdk/s3-request-presigner",
  ],
  [REQUESTS]: [DOMAIN, SETTINGS, SERVER, "zod"],
  [PLATFORM]: [DOMAIN, "zod"],

  "functions/request-intake": [DOMAIN, PLATFORM, "node:", "zod"],
  "functions/pending-scanner": [DOMAIN, PLATFORM, "node:", "zod"],
  "functions/status-api": [DOMAIN, PLATFORM, "node:", "zod", "@aws-sdk/client-s3"],
  [BUILDER]: [DOMAIN, VERIFICATION, PLATFORM, "node:", "zod"],
  [`${BUILDER}/callback`]: [DOMAIN, LIMITS, TELEMETRY, "node:", "ipaddr.js"],
  [`${BUILDER}/memory`]: [],
  [`${BUILDER}/webassembly`]: ["node:"],
  [`${BUILDER}/source`]: [
    DOMAIN,
    `${BUILDER}/memory`,
    CLOCK,
    LIMITS,
    TLS,
    TELEMETRY,
    "node:",
    "kysely",
    "mysql2",
  ],
  [`${BUILDER}/lines`]: [
    DOMAIN,
    `${BUILDER}/memory`,
    `${BUILDER}/webassembly`,
    `${BUILDER}/source`,
    "node:",
  ],
  [`${BUILDER}/formats`]: [
    DOMAIN,
    CLOCK,
    `${BUILDER}/memory`,
    "node:",
    "zod",
    "temporal-polyfill",
    "pdfkit",
    "@resvg/resvg-wasm",
    "fontkit",
    "bidi-js",
  ],
  [`${BUILDER}/contents`]: [
    DOMAIN,
    VERIFICATION,
    `${BUILDER}/webassembly`,
    `${BUILDER}/source`,
    `${BUILDER}/lines`,
    `${BUILDER}/formats`,
    "node:",
    "jose",
  ],
  [`${BUILDER}/zip`]: [
    DOMAIN,
    VERIFICATION,
    `${BUILDER}/memory`,
    `${BUILDER}/webassembly`,
    `${BUILDER}/source`,
    `${BUILDER}/lines`,
    `${BUILDER}/contents`,
    "node:",
    "archiver",
  ],
  [`${BUILDER}/store`]: [
    DOMAIN,
    `${BUILDER}/memory`,
    CLOCK,
    LIMITS,
    STORE,
    TELEMETRY,
    "node:",
    "@aws-sdk/client-s3",
    "@aws-sdk/lib-storage",
  ],

  "infra/clients/consumer": [DOMAIN, VERIFICATION],
  "infra/clients/consumer/samples": ["node:", "@aws-sdk/client-s3", "infra/clients/consumer"],
  "infra/clients/contract": [
    DOMAIN,
    VERIFICATION,
    "functions/platform/server/answers/problem-details.ts",
    "functions/platform/server/answers/problem-words.ts",
    "functions/platform/requests/request-status.ts",
    "functions/status-api/answers.ts",
    CLOUDEVENTS,
    "infra/clients/samples",
    "node:",
    "prettier",
    "yaml",
    "zod",
  ],
  "infra/clients/link": [DOMAIN, STORE],
  "infra/clients/package": [
    "infra/clients",
    "infra/kubernetes/images",
    "infra/operator",
    "node:",
    "core-js",
    "esbuild",
  ],
  "infra/clients/samples": ["node:", "cloudevents"],
  "infra/operator": [
    DOMAIN,
    VERIFICATION,
    PLATFORM,
    "functions/pending-scanner",
    `${BUILDER}/config.ts`,
    `${BUILDER}/source`,
    `${BUILDER}/store`,
    "infra/clients/link",
    "node:",
    "@aws-sdk/client-s3",
    "@kubernetes/client-node",
    "commander",
    "mysql2",
    "zod",
  ],
  "infra/operator/words": [
    DOMAIN,
    TELEMETRY,
    LEDGER,
    "functions/pending-scanner/retention.ts",
    "node:",
    "commander",
  ],
  "infra/operator/session": [
    DOMAIN,
    PLATFORM,
    `${BUILDER}/config.ts`,
    `${BUILDER}/store`,
    "infra/kubernetes/deploy/trouble.ts",
    "infra/local/running.ts",
    "infra/local/settings.ts",
    "infra/operator/words",
    "node:",
    "@aws-sdk/client-s3",
    "@kubernetes/client-node",
    "pino",
    "zod",
  ],
  "infra/operator/ui": [
    DOMAIN,
    VERIFICATION,
    PLATFORM,
    "functions/pending-scanner",
    "infra/operator",
    "node:",
    "@aws-sdk/client-s3",
    "zod",
  ],
  "infra/kubernetes/deploy": ["node:", "yaml"],
  "infra/kubernetes/images": [
    DOMAIN,
    "infra/local/cluster",
    "infra/local/programs",
    "node:",
    "@aws-sdk/client-s3",
    "esbuild",
    "mysql2",
    "yaml",
    "zod",
  ],
  "infra/local": ["node:"],
  "infra/local/programs": ["node:"],
  "infra/local/cluster": [
    DOMAIN,
    LIMITS,
    HTTP,
    CLOUDEVENTS,
    // The builder's session, which the sample bank is written and read in.
    "functions/statement-builder/source/session/server-session.ts",
    "infra/local/programs",
    "infra/local/settings.ts",
    "node:",
    "@aws-sdk/client-s3",
    "@kubernetes/client-node",
    "croner",
    "mysql2",
    "temporal-polyfill",
    "yaml",
    "zod",
  ],
  "infra/local/run": [
    DOMAIN,
    VERIFICATION,
    PLATFORM,
    "functions/pending-scanner",
    `${BUILDER}/config.ts`,
    "infra/local",
    "infra/operator",
    "infra/clients/samples",
    "node:",
    "@aws-sdk/client-s3",
    "@kubernetes/client-node",
    "mysql2",
    "zod",
  ],
};

const rooms = Object.keys(MAY_IMPORT);
const startsWith = (path) => `^${path.replaceAll(".", "[.]")}${path.endsWith(".ts") ? "$" : "/"}`;

/** How a resolved import of ours, or of a package, begins. */
function pattern(allowed) {
  if (/^(functions|infra)[/]/.test(allowed)) return startsWith(allowed);
  return `(?:node_modules|@types)/${allowed.endsWith("/*") ? allowed.slice(0, -1) : `${allowed}/`}`;
}

export default {
  forbidden: [
    {
      name: "no-circle",
      comment: "Two files that need each other are one idea, or lack a third that both may read.",
      severity: "error",
      from: { path: "^(functions|infra)/" },
      to: { circular: true },
    },
    {
      name: "every-folder-has-a-row",
      severity: "error",
      from: { path: "^(functions|infra)/", pathNot: rooms.map(startsWith) },
      to: {},
    },
    ...rooms.map((room) => ({
      name: room,
      comment: `${room}/ may import: ${MAY_IMPORT[room].join(", ")}; see .dependency-cruiser.js.`,
      severity: "error",
      from: {
        path: startsWith(room),
        pathNot: rooms.filter((other) => other.startsWith(`${room}/`)).map(startsWith),
      },
      to: {
        pathNot: [
          startsWith(room),
          "^package[.]json$",
          ...MAY_IMPORT[room].filter((one) => one !== "node:").map(pattern),
        ],
        ...(MAY_IMPORT[room].includes("node:") && { dependencyTypesNot: ["core"] }),
      },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "/browser/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types", "default"],
    },
  },
};
