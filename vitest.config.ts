import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // The examples name the package as its users do.
  resolve: { alias: { waybill: fileURLToPath(new URL("client/src/index.ts", import.meta.url)) } },
  test: {
    include: [
      "src/**/*.test.ts",
      "local/**/*.test.ts",
      "client/test/**/*.test.ts",
      "test/**/*.test.ts",
    ],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
