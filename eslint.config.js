import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  // AssemblyScript has types of its own; its compiler checks them.
  { ignores: ["node_modules/", "dist/", "out/", "coverage/", "test/kept/", "**/assembly/"] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // An un-awaited ledger write is the bug of this product.
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/return-await": ["error", "always"],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      // The Kubernetes client's models are classes, used by everyone as plain data.
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
      "no-console": "error",
    },
  },
  { files: ["**/*.js", "**/*.mjs"], ...tseslint.configs.disableTypeChecked },
  { files: ["infra/**", "test/**"], rules: { "no-console": "off" } },
  { files: ["functions/**"], ignores: ["functions/platform/clock/clock.ts"], rules: clockRules() },
  {
    files: ["infra/clients/samples/*.mjs"],
    languageOptions: {
      globals: Object.fromEntries(
        ["AbortSignal", "Response", "console", "fetch", "process"].map((name) => [
          name,
          "readonly",
        ]),
      ),
    },
  },
  {
    files: ["infra/operator/ui/browser/*.js"],
    languageOptions: {
      globals: Object.fromEntries(
        [
          "document",
          "fetch",
          "crypto",
          "performance",
          "history",
          "location",
          "navigator",
          "Option",
          "TextDecoderStream",
          "matchMedia",
          "setTimeout",
          "setInterval",
          "clearTimeout",
          "EventSource",
          "FormData",
          "ResizeObserver",
          "URLSearchParams",
          "RadioNodeList",
        ].map((name) => [name, "readonly"]),
      ),
    },
  },
);

/** Time and chance come from functions/platform/clock alone, in whose place a simulation puts its own. */
function clockRules() {
  const message =
    "Ask functions/platform/clock/clock.ts: a simulation has all time and chance from there.";
  const timers = ["Timeout", "Interval", "Immediate"].flatMap((kind) => [
    `set${kind}`,
    `clear${kind}`,
  ]);
  const chance = [
    "randomUUID",
    "randomUUIDv7",
    "getRandomValues",
    "randomBytes",
    "randomFill",
    "randomFillSync",
    "randomInt",
  ];
  const members = {
    Date: ["now"],
    Math: ["random"],
    AbortSignal: ["timeout"],
    Temporal: ["Now"],
    crypto: chance,
    process: ["hrtime", "uptime"],
    globalThis: [...timers, "performance"],
    global: [...timers, "performance"],
  };
  const modules = ["timers", "timers/promises", "perf_hooks"].flatMap((name) => [
    name,
    `node:${name}`,
  ]);
  const calls = [
    "NewExpression[callee.name='Date'][arguments.length=0]",
    "CallExpression[callee.name='Date']",
  ];
  return {
    "no-restricted-globals": [
      "error",
      ...[...timers, "performance"].map((name) => ({ name, message })),
    ],
    "no-restricted-properties": [
      "error",
      ...Object.entries(members).flatMap(([object, properties]) =>
        properties.map((property) => ({ object, property, message })),
      ),
    ],
    "no-restricted-imports": [
      "error",
      {
        paths: [
          ...modules.map((name) => ({ name, message })),
          ...["crypto", "node:crypto"].map((name) => ({ name, importNames: chance, message })),
        ],
      },
    ],
    "no-restricted-syntax": ["error", ...calls.map((selector) => ({ selector, message }))],
  };
}
