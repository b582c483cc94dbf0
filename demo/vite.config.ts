import { fileURLToPath } from "node:url";
import { leanShaders } from "../scripts/lib/lean-shaders";
import { defineConfig, type Plugin } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const workerAddress = /(?<=new Worker\(\s*)new URL\("([^"]+\.ts)", import\.meta\.url\)/;

/**
 * Builds workers with the page, so that what both need is in a chunk that both load; vite alone would build each
 * worker by itself, with an engine of its own.
 */
const workersShareChunks: Plugin = {
  name: "workers-share-chunks",
  apply: "build",
  enforce: "pre",
  transform: {
    filter: { id: /\.ts$/, code: workerAddress },
    async handler(code, id) {
      const [address, script] = workerAddress.exec(code) ?? [];
      const found = script && (await this.resolve(script, id));
      if (!address || !found) return this.error(`demo: expected a worker script, got ${script} in ${id}`);
      const name = script.replace(/^\.\/|(\.worker)?\.ts$/g, "");
      const reference = this.emitFile({ type: "chunk", id: found.id, name });
      return { code: code.replace(address, `import.meta.ROLLUP_FILE_URL_${reference}`), map: null };
    },
  },
};

/** Takes jsfive without the library for deflate that it has been published with: `webgpu-rnn/io` inflates itself. */
const oneInflate: Plugin = {
  name: "one-inflate",
  apply: "build",
  enforce: "pre",
  resolveId(id) {
    const published = import.meta.resolve("jsfive");
    if (id === "jsfive") return fileURLToPath(new URL("../../esm/high-level.js", published));
    return id.endsWith("/pako.esm.mjs") ? here("inflate.ts") : undefined;
  },
};

const bodyOf = (name: string) => new RegExp(`(?<=function ${name}\\([^)]*\\) \\{)[^]*?(?=\\n\\}\\n)`);
const methodBodyOf = (name: string) => new RegExp(`(?<=\\*/ ${name}\\(.*\\) \\{)[^]*?(?=\\n    \\}\\n)`);
const unusedInCharts = [
  /(?<=const easings = \{)[^]*?(?=\n\};)/,
  /(?<=class SvgList \{)[^]*?(?=\n\}\n)/,
  /if \(seriesOptions\.showArea [^]*?(?=\n {8}\}, options\.reverseData\);\n)/,
  ...["createAnimation", "getBounds", "monotoneCubic", "serialize"].map(bodyOf),
  ...["animate", "curve", "arc", "parse", "transform", "splitByCommand"].map(methodBodyOf),
];

/** Takes Chartist without what these charts never do: move, choose a scale, bend a line, fill what is below it. */
const plainCharts: Plugin = {
  name: "plain-charts",
  apply: "build",
  enforce: "pre",
  transform: {
    filter: { id: /\/chartist\/dist\/index\.js$/ },
    handler(code) {
      const missing = unusedInCharts.find((part) => !part.test(code));
      if (missing) {
        return this.error(
          `demo: expected ${missing} in Chartist, got another version; leave plainCharts out`,
        );
      }
      return { code: unusedInCharts.reduce((text, part) => text.replace(part, ""), code), map: null };
    },
  },
};

/** In place of vite's own, which puts links for style sheets into the document: a worker has none. */
const plainImports: Plugin = {
  name: "plain-imports",
  apply: "build",
  enforce: "pre",
  load: (id) =>
    id === "\0vite/preload-helper.js" ? "export const __vitePreload = (load) => load();" : undefined,
};

/** The demo as static files in dist-demo/, for any folder of any web server: all addresses are relative. */
export default defineConfig({
  root: here("."),
  base: "./",
  plugins: [workersShareChunks, oneInflate, leanShaders, plainCharts, plainImports],
  // The page uses the published entry points; in the repository they are the sources.
  resolve: {
    alias: [
      { find: /^webgpu-rnn$/, replacement: here("../src/index.ts") },
      { find: /^webgpu-rnn\/(datasets|io|worker)$/, replacement: here("../src/$1/index.ts") },
    ],
  },
  // What a worker alone imports would be found late, and reload the page.
  optimizeDeps: { entries: ["index.html", "reader.worker.ts", "../src/worker/host.ts"] },
  build: {
    target: "es2022",
    outDir: here("../dist-demo"),
    emptyOutDir: true,
    // Everything small enough to inline would count twice: in the page and in its workers.
    assetsInlineLimit: 0,
    // A chunk may be a worker's, where there is no document to put a link into.
    modulePreload: false,
    rolldownOptions: {
      // Loaded in Node alone.
      external: [/node\/dataset-store$/],
      output: {
        codeSplitting: {
          groups: [
            { name: "shared", minShareCount: 2, priority: 1 },
            { name: "hdf5-reader", test: /\/jsfive\// },
            { name: "hdf5-writer", test: /\/h5wasm\// },
          ],
        },
      },
    },
  },
});
