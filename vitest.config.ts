import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const source = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url));

/** What keeps a worker busy longest, first: what begins last must be short, or one core waits for the other. */
const longest = [
  "browser/firefox",
  "browser/chromium",
  "kernels/kernels",
  "browser/demo-training",
  "io/published",
  "browser/checkpoints",
  "model/files",
  "bench/bench",
  "node/kill",
  "model/device-loss",
  "browser/demo-firefox",
  "browser/demo.test",
  "model/recurrent",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = longest.findIndex((name) => moduleId.includes(`/test/${name}`));
      return at < 0 ? longest.length : at;
    };
    // Stable; those without isolation stay together, for only then does a process go on to the next of them.
    const alone = ({ project }: TestSpecification): number => (project.config.isolate ? 1 : 0);
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b) || alone(a) - alone(b));
  }
}

/** Tests that leave nothing behind run one after the other in one process, with its modules and its GPU device. */
const tidy = ["datasets", "io", "model", "reference"].map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  resolve: {
    alias: [
      { find: /^webgpu-rnn$/, replacement: source("index.ts") },
      { find: /^webgpu-rnn\/(datasets|io|node)$/, replacement: source("$1/index.ts") },
    ],
  },
  test: {
    projects: [
      {
        extends: true,
        test: { name: "tests", include: tidy, isolate: false },
      },
      {
        extends: true,
        test: { name: "tests-isolated", include: ["test/**/*.test.ts"], exclude: ["test/soak/**", ...tidy] },
      },
      // What takes long: npm run test:soak.
      {
        extends: true,
        test: { name: "soak", include: ["test/soak/**/*.test.ts"], testTimeout: 1_200_000 },
      },
    ],
    environment: "node",
    // A worker thread has a copy of the environment, which the Vulkan loader does not see: processes only.
    pool: "forks",
    // SwiftShader has every core at work in a dispatch; compiling, comparing and starting up have one each.
    // On two cores, two files at a time took half as long as one after the other.
    maxWorkers: 2,
    // Of the tests of a file that may run at a time: in Firefox, which waits most of the time.
    maxConcurrency: 8,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
