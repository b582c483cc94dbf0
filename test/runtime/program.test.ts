import { describe, expect } from "vitest";
import { Arena } from "../../src/runtime/arena";
import { writes, type KernelDeclaration } from "../../src/runtime/kernel";
import { Program } from "../../src/runtime/program";
import { useDevice } from "./use-device";

const gpuTest = useDevice();

const nothing: KernelDeclaration = {
  name: "nothing",
  constants: {},
  bindings: { out: writes() },
  code: "@compute @workgroup_size(1) fn main() { out[0] = 0.0; }",
};

describe("program", () => {
  gpuTest("grids follow from the sizes in which they were recorded", async (device) => {
    const arena = new Arena(device, "program");
    const tensors = { out: arena.tensor("out", [1]) };
    const program = new Program<number>(device, "within");
    const record = (): unknown => program.dispatch(nothing, tensors, (size) => [size]);
    record();
    program.within(
      (size) => size - 2,
      () => {
        record();
        program.within((size) => size + 1, record);
        record();
      },
    );
    expect(() =>
      program.within(
        () => 0,
        () => {
          throw new Error("in the middle");
        },
      ),
    ).toThrow("in the middle");
    record();
    await program.ready();
    const empty = (size: number): boolean[] => program.labels.map((_, i) => program.isEmpty(i, size));
    expect(empty(2)).toEqual([false, true, false, true, false]);
    expect(empty(1)[2]).toBe(true);
    arena.dispose();
  });
});
