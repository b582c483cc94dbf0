/** Imports run one way: model -> kernels -> runtime; the other entry points stand beside and above. */
const layer = (name, from, allowed) => ({
  name,
  severity: "error",
  from: { path: from },
  to: { path: "^src/", pathNot: allowed },
});

module.exports = {
  forbidden: [
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    layer("runtime-knows-no-networks", "^src/runtime/", "^src/runtime/"),
    layer("kernels-know-only-the-runtime", "^src/kernels/", "^src/(kernels|runtime)/"),
    layer("model-knows-kernels-and-runtime", "^src/model/", "^src/(model|kernels|runtime)/"),
    layer("files-are-a-leaf", "^src/files/", "^src/(files/|runtime/errors)"),
    // The one file of Node's is loaded on demand, where there is Node.
    layer(
      "datasets-stand-alone",
      "^src/datasets/",
      "^src/(datasets/|files/|runtime/errors|node/dataset-store)",
    ),
    layer("io-reads-and-writes-models", "^src/io/", "^src/(io|files|model|runtime)/"),
    {
      name: "only-node-imports-node",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(node|cli)" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "the-core-has-no-dependency",
      severity: "error",
      from: { path: "^src/(index|model|kernels|runtime)", pathNot: "^src/runtime/wgsl.ts$" },
      to: { dependencyTypes: ["npm", "npm-optional", "npm-no-pkg"] },
    },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "node_modules" },
  },
};
