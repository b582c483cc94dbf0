import type { Plugin } from "vite";

/**
 * WGSL without its indentation, its comments and the spaces around operators and braces, which no minifier takes out of a
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
        // The minus where no other one can follow: two are an operator of their own.
        .replace(/ ([=!<>]=|[-+*/]=|&&|\|\||[=+*/<>?:]|-(?= [\w(])) /g, "$1")
        .replace(/([,;{]) | (?=[{}])/g, "$1"),
      map: null,
    }),
  },
};
