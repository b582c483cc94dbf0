import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, defaultClientConditions } from "vite";
import { leanShaders } from "../scripts/lib/lean-shaders";
import type { EngineName } from "./engines/engine";

/** What a page must load for a library: all code, minified and gzipped, in bytes. */
export interface LibrarySize {
  code: number;
  /** WebAssembly files beside the code, gzipped, of which a browser takes one. */
  wasm?: number;
}

/** This library counts whole; of the others what the benchmark's own use of them needs. */
const entries: Partial<Record<EngineName, string>> = {
  "webgpu-rnn": "src/index.ts",
  "tfjs-webgpu": "bench/engines/tfjs-webgpu.ts",
  "tfjs-wasm": "bench/engines/tfjs-wasm.ts",
  "onnxruntime-web": "bench/engines/onnxruntime-web.ts",
  "jax-js": "bench/engines/jax-js.ts",
};

/** ONNX Runtime with its WebAssembly in files beside the code, not within it; the page asks for the same. */
const externalWasm = ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions];

/** Bundles each library by itself. */
export async function librarySizes(
  root: string,
  names: readonly EngineName[],
): Promise<Partial<Record<EngineName, LibrarySize>>> {
  const sizes: Partial<Record<EngineName, LibrarySize>> = {};
  for (const name of names) {
    const entry = entries[name];
    if (entry !== undefined) sizes[name] = await librarySize(root, name, entry);
  }
  return sizes;
}

async function librarySize(root: string, name: EngineName, entry: string): Promise<LibrarySize> {
  const outDir = join(root, ".cache", "bench", "size", name);
  await build({
    configFile: false,
    root,
    // As the library is built.
    plugins: [leanShaders],
    logLevel: "error",
    resolve: { conditions: externalWasm },
    build: {
      outDir,
      emptyOutDir: true,
      minify: true,
      target: "es2022",
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 4096,
      rolldownOptions: {
        input: join(root, entry),
        // Everything that is exported counts, used or not.
        preserveEntrySignatures: "strict",
      },
    },
  });
  const files = readdirSync(outDir, { recursive: true, encoding: "utf8" });
  const bytes = (extension: string): number[] =>
    files
      .filter((file) => file.endsWith(extension))
      .map((file) => gzipSync(readFileSync(join(outDir, file)), { level: 9 }).length);
  const wasm = bytes(".wasm");
  return {
    // ONNX Runtime's loader is a module of its own.
    code: [...bytes(".js"), ...bytes(".mjs")].reduce((sum, size) => sum + size, 0),
    ...(wasm.length > 0 ? { wasm: Math.max(...wasm) } : {}),
  };
}
