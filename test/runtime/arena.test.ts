import { describe, expect } from "vitest";
import { KernelError, OutOfMemoryError, StateError } from "../../src/index";
import { allocated, Arena, read, write } from "../../src/runtime/arena";
import { alignment } from "../../src/runtime/tensor";
import { assertThrows } from "../support/assert";
import { withSmallBindings } from "../support/limits";
import { useDevice } from "./use-device";
import { watchAllocations } from "./validation";

const gpuTest = useDevice();

describe("arenas", () => {
  gpuTest("tensors start at zero, apart from one another, and hold what is written", async (device) => {
    const arena = new Arena(device, "test");
    const [a, b] = arena.pack("pair", [
      { label: "a", shape: [3] },
      { label: "b", shape: [2, 2] },
    ]);
    expect([a.offset, b.offset, arena.bytes]).toEqual([0, 256, 512]);
    expect(a.buffer).toBe(b.buffer);
    write(device, b, Float32Array.of(7, 8), 1);
    expect((await read(device, [a, b])).map((values) => [...values])).toEqual([
      [0, 0, 0],
      [0, 7, 8, 0],
    ]);
    arena.dispose();
  });

  gpuTest("dispose frees everything, twice does nothing, and use afterwards throws", async (device) => {
    const watch = watchAllocations(device);
    const arena = new Arena(device, "test");
    const tensor = arena.tensor("a", [1000]);
    arena.tensor("b", [1]);
    await read(device, [tensor]);
    expect(watch.live).toEqual(["test/a", "test/b"]);
    arena.dispose();
    arena.dispose();
    watch.restore();
    expect(watch.live).toEqual([]);
    expect(arena.bytes).toBe(0);
    await assertThrows(
      () => arena.tensor("d", [1]),
      StateError,
      /^arena test: expected a live arena, got a disposed one; /,
    );
  });

  gpuTest("more than one buffer can hold: both numbers and what to make smaller", async (device) => {
    const arena = new Arena(device, "test");
    const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
    const part = { label: "part", shape: [Math.floor(maxStorageBufferBindingSize / 4)] };
    const parts = Array.from(
      { length: Math.ceil(maxBufferSize / maxStorageBufferBindingSize) + 1 },
      () => part,
    );
    // A tensor's place is rounded up, and not every adapter's limit is round.
    const bytes = parts.length * Math.ceil((4 * part.shape[0]) / alignment) * alignment;
    await assertThrows(
      () => arena.pack("huge", parts),
      OutOfMemoryError,
      new RegExp(
        `^memory for huge: expected at most ${maxBufferSize} bytes in one buffer, got ${bytes}; lower`,
      ),
    );
    expect(arena.bytes).toBe(0);
    arena.dispose();
  });

  gpuTest("more than a kernel can bind: the tensor, its bytes and the limit", async (device) => {
    const arena = new Arena(device, "test");
    const { maxStorageBufferBindingSize: most } = device.limits;
    await assertThrows(
      () => arena.tensor("table", [most, 1]),
      OutOfMemoryError,
      new RegExp(
        `^memory for table \\[${most}, 1\\]: expected at most ${most} bytes in one binding, got ${4 * most}; lower`,
      ),
    );
    expect(arena.bytes).toBe(0);
    arena.dispose();
  });

  gpuTest(
    "banks: matrices larger than a binding come in parts, and are read and written whole",
    async (device) => {
      await withSmallBindings(device, 1024, async () => {
        const arena = new Arena(device, "test");
        const [bias, table, kernel, wide] = arena.banks("banks", [
          { label: "bias", shape: [3] },
          { label: "table", shape: [130, 3] },
          { label: "kernel", shape: [2, 2] },
          { label: "wide", shape: [3, 3, 36] },
        ]);
        expect(table.parts.map(({ shape }) => shape)).toEqual([
          [84, 3],
          [46, 3],
        ]);
        // The first rows fill a buffer; the kernel has room behind the last ones.
        const buffers = [bias, ...table.parts, kernel].map(({ buffer }) => buffer);
        expect(new Set(buffers).size).toBe(3);
        expect(buffers[2]).toBe(buffers[3]);
        expect(wide.parts.map(({ shape, offset }) => [...shape, offset])).toEqual([
          [4, 36, 0],
          [4, 36, 0],
          [1, 36, 768],
        ]);
        expect(bias.parts).toEqual([bias]);
        const values = Float32Array.from({ length: 390 }, (_, i) => i);
        write(device, table, values);
        write(device, table, Float32Array.of(-1, -2, -3), 191);
        write(device, kernel, Float32Array.of(1, 2, 3, 4));
        values.set([-1, -2, -3], 191);
        expect(await read(device, [kernel, table, bias])).toEqual([
          Float32Array.of(1, 2, 3, 4),
          values,
          new Float32Array(3),
        ]);
        await assertThrows(
          () => table.binding,
          KernelError,
          /^tensor table: expected a tensor in one buffer, got one in 2 parts; use its parts$/,
        );
        arena.dispose();
      });
    },
  );

  gpuTest("a device without the memory: what was allocated in the attempt is freed", async (device) => {
    const arena = new Arena(device, "test");
    const { gpu } = device;
    const pop = gpu.popErrorScope.bind(gpu);
    gpu.popErrorScope = async () => {
      await pop();
      return { message: "full" };
    };
    try {
      await assertThrows(
        () => allocated(arena, () => [arena.tensor("small", [1]), arena.tensor("large", [1000])]),
        OutOfMemoryError,
        /^memory for test\/small: expected 256 bytes on the device, 4 of them for small \[1\], got an out-of-memory error with 4096 bytes of test there already; lower/,
      );
    } finally {
      gpu.popErrorScope = pop;
    }
    expect(arena.bytes).toBe(0);
  });

  gpuTest("a view stays inside its tensor", async (device) => {
    const arena = new Arena(device, "test");
    const tensor = arena.tensor("a", [128]);
    expect(tensor.view("rows", [16, 4], 64).offset).toBe(256);
    await assertThrows(
      () => tensor.view("rows", [16, 4], 65),
      KernelError,
      /^tensor a: expected a view within 128 elements, got \[16, 4\] from 65; /,
    );
    arena.dispose();
  });
});
