import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The demo as static files in dist-demo/, for any folder of any web server: all addresses are relative. */
export default defineConfig({
  root: here("."),
  base: "./",
  // The page uses the published entry points; in the repository they are the sources.
  resolve: {
    alias: [
      { find: /^webgpu-rnn$/, replacement: here("../src/index.ts") },
      { find: /^webgpu-rnn\/(datasets|io|worker)$/, replacement: here("../src/$1/index.ts") },
    ],
  },
  worker: { format: "es" },
  build: {
    target: "es2022",
    outDir: here("../dist-demo"),
    emptyOutDir: true,
    // Everything small enough to inline would count twice: in the page and in its workers.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
