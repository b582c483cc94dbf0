import type { Plugin } from "vite";

/**
 * WGSL without its indentation, its comments and the spaces around its operators, which no minifier takes out of a
 * string; its lines stay, for the compiler's messages. What it does to the TypeScript around makes no difference.
 */
export const leanShaders: Plugin = {
  name: "lean-shaders",
  apply: "build",
  enforce: "pre",
  transform: {
    filter: { id: /\/src\/kernels\/.*\.ts$/ },
    handler: (code) => ({
      code: code
        .replace(/^[ \t]+(\/\/.*)?/gm, "")
        // Not the minus: another one may follow it, and two are an operator of their own.
        .replace(/ ([=!<>]=|[-+*/]=|&&|\|\||[=+*/<>?:]) /g, "$1")
        .replace(/([,;]) /g, "$1"),
      map: null,
    }),
  },
};
