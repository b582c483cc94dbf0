import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^webgpu-rnn$/, replacement: source("index.ts") },
      { find: /^webgpu-rnn\/(datasets|io|node)$/, replacement: source("$1/index.ts") },
    ],
  },
  test: {
    projects: [
      {
        extends: true,
        test: { name: "tests", include: ["test/**/*.test.ts"], exclude: ["test/soak/**"] },
      },
      // What takes long: npm run test:soak.
      {
        extends: true,
        test: { name: "soak", include: ["test/soak/**/*.test.ts"], testTimeout: 1_200_000 },
      },
    ],
    environment: "node",
    // A worker thread has a copy of the environment, which the Vulkan loader does not see: processes only.
    pool: "forks",
    // SwiftShader has every core at work in a dispatch; compiling, comparing and starting up have one each.
    // On two cores, two files at a time took half as long as one after the other.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
