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
  { files: ["**/*.js"], ...tseslint.configs.disableTypeChecked },
  { files: ["infra/**", "test/**"], rules: { "no-console": "off" } },
  {
    files: ["infra/local/run/page/browser/*.js"],
    languageOptions: {
      globals: Object.fromEntries(
        [
          "document",
          "fetch",
          "crypto",
          "performance",
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
