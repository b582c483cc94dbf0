import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));


/** The page with all engines. */
export default defineConfig({
  root: here("."),
  base: "./",
  resolve: {
    alias: [
      { find: /^webgpu-rnn$/, replacement: here("../src/index.ts") },
      { find: /^webgpu-rnn\/(datasets|io|node)$/, replacement: here("../src/$1/index.ts") },
    ],
  },
  build: {
    target: "esnext",
    outDir: here("../.cache/bench/page"),
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    // TF.js is large, and this page is not for visitors.
    chunkSizeWarningLimit: 4096,
  },
});
