import { chmodSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { leanShaders } from "./scripts/lib/lean-shaders";

const source = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url));

/** `npx webgpu-rnn` starts the file itself. */
const executableProgram: Plugin = {
  name: "executable-program",
  writeBundle: ({ dir = "dist" }) => chmodSync(join(dir, "cli.js"), 0o755),
};

/**
 * The worker's script keeps its own file, named by a literal URL beside the entry, which the bundlers of
 * users follow; vite alone would write an absolute path here.
 */
const workerScript: Plugin = {
  name: "worker-script",
  enforce: "pre",
  transform: (code, id) =>
    id.endsWith("/src/worker/index.ts")
      ? { code: code.replace('"./host.ts"', "WORKER_SCRIPT"), map: null }
      : undefined,
  renderChunk: (code) =>
    code.includes("WORKER_SCRIPT")
      ? { code: code.replace("WORKER_SCRIPT", '"./worker-host.js"'), map: null }
      : undefined,
};

/** The library: one file for each entry point, shared parts in chunks, readable but for its shaders' indentation, nothing from npm but WGSL's preprocessor. */
export default defineConfig({
  plugins: [executableProgram, workerScript, leanShaders],
  build: {
    target: "es2022",
    outDir: "dist",
    minify: false,
    sourcemap: true,
    lib: {
      formats: ["es"],
      entry: {
        index: source("index.ts"),
        datasets: source("datasets/index.ts"),
        io: source("io/index.ts"),
        node: source("node/index.ts"),
        worker: source("worker/index.ts"),
        "worker-host": source("worker/host.ts"),
        cli: source("cli.ts"),
        "job-page": source("job/page.ts"),
      },
    },
    rolldownOptions: {
      external: [/^node:/, /^webgpu-rnn/, "webgpu", "fflate", "jsfive", "h5wasm", "puppeteer"],
      output: {
        entryFileNames: "[name].js",
        chunkFileNames: "chunks/[name]-[hash].js",
        banner: (chunk) => (chunk.isEntry && chunk.name === "cli" ? "#!/usr/bin/env node" : ""),
      },
    },
  },
});
