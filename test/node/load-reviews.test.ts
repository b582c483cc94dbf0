import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { loadReviews } from "../../src/node/load-reviews";

let cache = "";
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "cache-"));
  vi.stubEnv("WEBGPU_RNN_DATA", "");
  vi.stubEnv("XDG_CACHE_HOME", cache);
  vi.stubEnv("LOCALAPPDATA", cache);
  vi.stubEnv("HOME", cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  rmSync(cache, { recursive: true });
});

test("without network the sample corpus stands in for IMDB, and one plain line says so", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("fetch failed")));
  const lines: string[] = [];
  const reviews = await loadReviews({ numWords: 1000, notice: (line) => lines.push(line) });
  expect(reviews.sample).toBe(true);
  expect(lines).toEqual([
    "IMDB cannot be downloaded (no network?); using the built-in sample corpus instead.",
  ]);
});

test("the sample corpus is used without a word where it is asked for", async () => {
  const lines: string[] = [];
  const { train, wordIndex } = await loadReviews({
    sample: true,
    numWords: 100,
    notice: (line) => lines.push(line),
  });
  expect(Math.max(...(train.x[0] ?? []))).toBeLessThan(100);
  expect(wordIndex.size).toBeGreaterThan(100);
  expect(lines).toEqual([]);
});

test("a folder without the files is an error, not a reason for the sample corpus", async () => {
  const loading = loadReviews({ data: cache, numWords: 100, notice: () => undefined });
  await expect(loading).rejects.toThrow("imdb.loadData: expected imdb.npz in the folder");
});
