import { fileURLToPath } from "node:url";
import { defaultClientConditions, defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** With these a page may share memory between threads: TF.js's wasm backend then uses all cores. */
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** The page with all engines. */
export default defineConfig({
  root: here("."),
  base: "./",
  resolve: {
    // ONNX Runtime loads its threads' code from a file of its own.
    conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions],
    alias: [
      { find: /^webgpu-rnn$/, replacement: here("../src/index.ts") },
      { find: /^webgpu-rnn\/(datasets|io|node)$/, replacement: here("../src/$1/index.ts") },
    ],
  },
  build: {
    target: "esnext",
    // TF.js starts its wasm threads from the text of one of its functions, which must stand by itself.
    minify: false,
    outDir: here("../.cache/bench/page"),
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    // TF.js is large, and this page is not for visitors.
    chunkSizeWarningLimit: 4096,
  },
  preview: { headers: isolation },
});
