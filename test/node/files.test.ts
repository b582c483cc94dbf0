import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkWritable, readFile, writeFileAtomic } from "../../src/node/files";
import { InvalidInputError } from "../../src/runtime/errors";

let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "files-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("a file is written whole, into folders that are made, and read back", async () => {
  const path = join(folder, "a", "b.bin");
  await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
  await writeFileAtomic(path, Uint8Array.of(4, 5));
  expect([...(await readFile(path))]).toEqual([4, 5]);
  expect(readdirSync(join(folder, "a"))).toEqual(["b.bin"]);
});

test("a write that fails leaves the old file and nothing beside it", async () => {
  const path = join(folder, "occupied");
  mkdirSync(path);
  writeFileSync(join(path, "inside"), "old");
  await expect(writeFileAtomic(path, "new")).rejects.toThrow();
  expect(readdirSync(folder)).toEqual(["occupied"]);
  expect(readFileSync(join(path, "inside"), "utf8")).toBe("old");
});

test("a folder is no place to write a file to, and nothing is left by asking", async () => {
  await expect(checkWritable(folder)).rejects.toThrow(InvalidInputError);
  await checkWritable(join(folder, "new", "file"));
  expect(readdirSync(join(folder, "new"))).toEqual([]);
});

test("a file that is not there is an error that names it", async () => {
  const path = join(folder, "none");
  await expect(readFile(path)).rejects.toThrow(
    `readFile: expected a file that can be read, got no such file at "${path}"; check the path`,
  );
});
