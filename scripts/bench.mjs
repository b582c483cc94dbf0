/** `npm run bench -- FLAGS`: set-up, then the benchmark; `--help` lists its flags. */
import { join } from "node:path";
import { ensurePackages } from "./lib/packages.mjs";
import { passThrough, root } from "./lib/run.mjs";
import { main, setUp } from "./lib/setup.mjs";

const args = process.argv.slice(2);

/** The benchmark is written in TypeScript: it is put into one file that Node runs. */
async function buildProgram() {
  const { build } = await import("vite");
  const source = (path) => join(root, "src", path);
  await build({
    configFile: false,
    root,
    logLevel: "error",
    resolve: {
      alias: [
        { find: /^webgpu-rnn$/, replacement: source("index.ts") },
        { find: /^webgpu-rnn\/(datasets|io|node)$/, replacement: source("$1/index.ts") },
      ],
    },
    build: {
      ssr: join(root, "bench", "main.ts"),
      outDir: join(root, ".cache", "bench", "node"),
      emptyOutDir: true,
      target: "node20",
      minify: false,
    },
  });
  return join(root, ".cache", "bench", "node", "main.js");
}

await main(async () => {
  const measures = !args.includes("--help") && !args.includes("--write-docs");
  if (!measures) await ensurePackages();
  const needsBrowser = !args.includes("--node") && !args.includes("--scale");
  const { env } = measures ? await setUp({ browser: needsBrowser }) : { env: {} };
  return passThrough(process.execPath, [await buildProgram(), ...args], env);
});
