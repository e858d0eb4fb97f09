import { defineConfig } from "oxlint";
import { roomRules } from "./scripts/rooms.ts";

const OUTSIDE = ["**/local/**", "**/test/**", "**/demo/**", "node:*"];

export default defineConfig({
  plugins: ["typescript", "unicorn", "import", "oxc", "promise"],
  categories: { correctness: "error", suspicious: "error", perf: "error" },
  rules: {
    "typescript/no-explicit-any": "error",
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/switch-exhaustiveness-check": "error",
    "typescript/consistent-type-imports": "error",
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "no-await-in-loop": "off",
    "max-lines": ["error", { max: 300, skipBlankLines: false, skipComments: false }],
    "no-underscore-dangle": "off",
    "consistent-return": "off",
  },
  ignorePatterns: ["dist", "node_modules"],
  overrides: [
    ...roomRules(OUTSIDE),
    {
      files: ["src/**/*.test.ts"],
      rules: { "no-restricted-imports": "off" },
    },
    {
      files: ["client/src/**"],
      rules: {
        "no-restricted-imports": [
          "error",
          {
            patterns: [
              {
                group: ["node:*", "cloudflare:*", "zod", "**/local/**", "**/test/**"],
                allowTypeImports: true,
                message:
                  "The client stands alone, on any runtime: of the contract it takes types only.",
              },
              {
                regex: "/src/(?!contract/)",
                message: "The client imports the contract and nothing else of the service.",
              },
              {
                group: ["**/src/contract/**"],
                allowTypeImports: true,
                message: "Types only: what the client runs needs no zod.",
              },
            ],
          },
        ],
      },
    },
    {
      files: ["local/**"],
      rules: {
        "no-restricted-imports": [
          "error",
          {
            patterns: [
              {
                group: ["**/src/**"],
                message: "The stand-ins know nothing of the worker's code.",
              },
            ],
          },
        ],
      },
    },
    {
      files: ["examples/receivers/express.ts"],
      rules: { "oxc/no-async-endpoint-handlers": "off" },
    },
  ],
});
