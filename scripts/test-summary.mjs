/** Prints one plain line of what vitest's JSON report counts: `N passed, N failed, N skipped`. */
import { readFileSync } from "node:fs";

const [file] = process.argv.slice(2);
try {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, success } = JSON.parse(
    readFileSync(file, "utf8"),
  );
  const skipped = numPendingTests + numTodoTests;
  console.log(
    `${numPassedTests} passed, ${numFailedTests} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
  );
  // A test file that cannot be loaded fails without counting as a test.
  process.exitCode = success && numPassedTests > 0 ? 0 : 1;
} catch (error) {
  console.error(
    `test-summary: expected vitest's JSON report at ${file}, got none: ${String(error)}; see vitest's output above`,
  );
  process.exitCode = 1;
}
