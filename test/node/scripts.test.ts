import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

let folder = "";
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "scripts-"))));
afterAll(() => rmSync(folder, { recursive: true }));

const counts = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, success: true };

function summary(report: object): { line: string; code: number | null } {
  const file = join(folder, "report.json");
  writeFileSync(file, JSON.stringify(report));
  const { stdout, status } = spawnSync(process.execPath, ["scripts/test-summary.mjs", file], {
    encoding: "utf8",
  });
  return { line: stdout, code: status };
}

test.each([
  [counts, "3 passed, 0 failed\n", 0],
  [{ ...counts, numPendingTests: 1, numTodoTests: 1 }, "3 passed, 0 failed, 2 skipped\n", 0],
  [{ ...counts, numFailedTests: 2, success: false }, "3 passed, 2 failed\n", 1],
  // A test file that does not load.
  [{ ...counts, success: false }, "3 passed, 0 failed\n", 1],
  [{ ...counts, numPassedTests: 0 }, "0 passed, 0 failed\n", 1],
])("the closing line of %j", (report, line, code) => {
  expect(summary(report)).toEqual({ line, code });
});

test("without a report there is no closing line but a failure", () => {
  const { stdout, status } = spawnSync(process.execPath, ["scripts/test-summary.mjs", join(folder, "none")]);
  expect({ text: String(stdout), status }).toEqual({ text: "", status: 1 });
});

test("a host that takes no connection counts as no network", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  expect(reachable(port)).toBe("true");
  await new Promise((resolve) => server.close(resolve));
  expect(reachable(port)).toBe("false");
});

/** Asked in a process of its own, where no proxy is set. */
function reachable(port: number): string {
  const script = `
    import { reachable } from "./scripts/lib/network.mjs";
    console.log(await reachable("http://127.0.0.1:${port}/"));
  `;
  const node = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    env: {},
    encoding: "utf8",
  });
  return node.stdout.trim();
}
