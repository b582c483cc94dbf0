/**
 * `npm run test:adapters`: the GPU tests on every adapter and in every browser found, each also with the least that
 * WebGPU guarantees, without and with optional features, and with either shape of the time loop.
 *
 *   npm run test:adapters -- --list                           what was found
 *   npm run test:adapters -- --only lavapipe --as usual       one of them, one way
 *   npm run test:adapters -- --files test/kernels             some tests only
 *
 * A Vulkan driver that the system does not know by itself is found through VK_DRIVER_FILES (and LD_LIBRARY_PATH).
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findAdapters, ways } from "./lib/adapters.mjs";
import { ensureBuilt } from "./lib/build.mjs";
import { capture, lastLines, root } from "./lib/run.mjs";
import { SetupError } from "./lib/packages.mjs";
import { main, setUp } from "./lib/setup.mjs";

const results = join(root, ".cache", "adapters");

await main(async () => {
  const { list, only, as, files } = options();
  const { env } = await setUp({ browser: true, optional: true });
  await ensureBuilt();
  const found = (await findAdapters(env)).filter(({ name }) => name.toLowerCase().includes(only));
  for (const { name, ways: own } of found) console.log(`${name}: ${own.join(", ")}`);
  if (list) return 0;
  const rows = [];
  for (const adapter of found) {
    for (const way of adapter.ways.filter((one) => !as || as.includes(one))) {
      const row = await test(adapter, way, env, files);
      console.log(shown(row));
      rows.push(row);
    }
  }
  console.log(`\n${table(rows)}`);
  return rows.length > 0 && rows.every(({ failed, passed }) => failed === 0 && passed > 0) ? 0 : 1;
});

function options() {
  try {
    const { values } = parseArgs({
      options: {
        list: { type: "boolean", default: false },
        only: { type: "string", default: "" },
        as: { type: "string", multiple: true },
        files: { type: "string", multiple: true },
      },
    });
    const unknown = values.as?.find((way) => !Object.hasOwn(ways, way));
    if (unknown !== undefined)
      throw new Error(`--as takes ${Object.keys(ways).join(", ")}, not "${unknown}"`);
    return { ...values, only: values.only.toLowerCase() };
  } catch (error) {
    throw new SetupError(`test:adapters: ${error.message}`);
  }
}

/** Runs the tests of one adapter, one way. */
async function test(adapter, way, env, files) {
  mkdirSync(results, { recursive: true });
  const file = join(results, `${adapter.name} ${way}.json`.replace(/[^\w.-]+/g, "-"));
  rmSync(file, { force: true });
  const begin = Date.now();
  const chosen = adapter.browser ? adapter.files : (files ?? adapter.files);
  // A driver that has nothing in its cache may take minutes over a net's kernels.
  const patience = ["--testTimeout", "300000", "--hookTimeout", "300000"];
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "--project", "tests*", "--silent", ...patience];
  const run = await capture(
    process.execPath,
    [...vitest, "--reporter=json", `--outputFile=${file}`, ...chosen],
    {
      env: { ...env, REQUIRE_GPU: "1", ...adapter.env, ...ways[way] },
    },
  );
  const seconds = (Date.now() - begin) / 1000;
  return { name: adapter.name, way, seconds, ...counts(file, run) };
}

function counts(file, run) {
  try {
    const report = JSON.parse(readFileSync(file, "utf8"));
    const failures = report.testResults.flatMap(({ assertionResults, message, name }) => {
      const failed = assertionResults.filter(({ status }) => status === "failed");
      // A file that cannot be loaded fails without counting as a test.
      if (failed.length === 0 && message) return [`${name}: ${message}`];
      return failed.map(
        ({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]?.split("\n")[0]}`,
      );
    });
    // Nor does one whose browser does not start.
    if (!report.success && failures.length === 0) failures.push(lastLines(run));
    const skipped = report.numPendingTests + report.numTodoTests;
    return { passed: report.numPassedTests, failed: failures.length, skipped, failures };
  } catch {
    return { passed: 0, failed: 1, skipped: 0, failures: [lastLines(run)] };
  }
}

function shown({ name, way, passed, failed, skipped, seconds, failures }) {
  const line = `${name}, ${way}: ${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds.toFixed(0)} s`;
  return [line, ...failures.map((failure) => `  ${failure}`)].join("\n");
}

/** As it stands in docs/reliability.md. */
function table(rows) {
  const header = ["adapter", "way", "passed", "failed", "skipped", "seconds"];
  const cells = rows.map(({ name, way, passed, failed, skipped, seconds }) =>
    [name, way, passed, failed, skipped, Math.round(seconds)].map(String),
  );
  const widths = header.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i].length)));
  const line = (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...cells.map(line)].join("\n");
}
