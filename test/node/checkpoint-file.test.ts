import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FormatError } from "../../src/runtime/errors";
import { fileCheckpoints } from "../../src/node/index";
import { assertEqual } from "../support/assert";
import { madeUpSnapshot } from "../io/snapshots";

let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "checkpoints-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A process that is no more. */
const deadPid = (): number => spawnSync(process.execPath, ["--version"]).pid;

test("keeps the last one, in folders that are made, and forgets it", async () => {
  const path = join(folder, "a", "run.checkpoint.safetensors");
  const store = fileCheckpoints(path);
  expect(await store.load()).toBeUndefined();
  const first = await madeUpSnapshot("plain");
  const second = await madeUpSnapshot("stacked");
  await store.save(first);
  await store.save(second);
  expect(readdirSync(join(folder, "a"))).toEqual(["run.checkpoint.safetensors"]);
  assertEqual(await fileCheckpoints(path).load(), second, "the second");
  await store.clear();
  expect(readdirSync(join(folder, "a"))).toEqual([]);
  expect(await store.load()).toBeUndefined();
});

test("what a killed process left half-written is passed over and removed, a live one's is not", async () => {
  const path = join(folder, "run");
  const [dead, live] = [`run.${deadPid()}.part`, `run.${process.ppid}.part`];
  for (const name of [dead, live, "run.part", "other.1.part"]) writeFileSync(join(folder, name), "half");
  const store = fileCheckpoints(path);
  expect(await store.load()).toBeUndefined();
  expect(readdirSync(folder).sort()).toEqual(["other.1.part", live, "run.part"].sort());
});

test("a save that fails leaves the old one, and nothing else", async () => {
  const path = join(folder, "run");
  const store = fileCheckpoints(path);
  const snapshot = await madeUpSnapshot();
  await store.save(snapshot);
  const handle = await open(path);
  const sync = vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, "sync");
  await handle.close();
  sync.mockRejectedValueOnce(new Error("ENOSPC: no space left on device"));
  await expect(store.save(await madeUpSnapshot("plain"))).rejects.toThrow(/ENOSPC/);
  expect(readdirSync(folder)).toEqual(["run"]);
  assertEqual(await store.load(), snapshot, "the old one");
});

test("a file that is no checkpoint is an error, not a fresh start", async () => {
  const path = join(folder, "run");
  writeFileSync(path, "not a checkpoint");
  await expect(fileCheckpoints(path).load()).rejects.toThrow(FormatError);
});
