import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KernelError, type Device } from "../../src/index";
import type { LinearOptions } from "../../src/kernels/linear";
import { linearGroups } from "../../src/kernels/linear-narrow";
import { getTestDevice } from "../support/adapter";
import { kernelCases } from "./all";
import { slowCases } from "./scan.cases";

let device: Device | undefined;
beforeAll(async () => {
  device = await getTestDevice();
});
afterAll(() => {
  device?.destroy();
});

describe("kernels against their float64 twins", () => {
  for (const kernelCase of [...kernelCases, ...slowCases]) {
    // A kernel that keeps whole matrices in registers takes seconds to compile, and one with large arrays, on LLVM, a minute.
    test(kernelCase.name, { timeout: 300_000 }, async ({ skip }) => {
      if (!device) return skip("no WebGPU adapter");
      try {
        await kernelCase.run(device);
      } catch (error) {
        if (refusedByDriver(device, error)) return skip("the GPU's driver cannot compile it");
        throw error;
      }
    });
  }
});

/** What is long unrolled text is for software adapters: models take another form where a GPU's driver refuses it. */
function refusedByDriver({ software }: Device, error: unknown): boolean {
  return !software && error instanceof KernelError && /shape=narrow.+VK_ERROR_UNKNOWN/.test(error.message);
}

test("the narrow linear layer is left where its groups of columns are more than a row of a grid has workgroups for", () => {
  const options: LinearOptions = {
    ...{ inputs: 128, useBias: true, activation: "linear", rows: "same", count: "rows", first: 0 },
    ...{ transposed: false, accumulate: false, outputs: 128_000 },
  };
  expect(linearGroups(options)).toBe(4000);
  expect(linearGroups({ ...options, outputs: 132_000 })).toBeUndefined();
});

test("every kernel has its cases, and no two cases have one name", () => {
  const files = (folder: string, ending: string): string[] =>
    readdirSync(new URL(folder, import.meta.url))
      .filter((name) => name.endsWith(ending))
      .map((name) => name.slice(0, -ending.length));
  const tested = new Set(files(".", ".cases.ts"));
  const kernels = files("../../src/kernels/", ".ts").map((name) =>
    name.startsWith("scan") ? "scan" : name.replace(/-narrow$/, ""),
  );
  expect(kernels.filter((name) => name !== "index" && !tested.has(name))).toEqual([]);
  const names = kernelCases.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
