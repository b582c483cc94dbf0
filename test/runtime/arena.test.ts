import { describe, expect } from "vitest";
import { InvalidInputError, KernelError, StateError } from "../../src/index";
import { Arena, alignment, read, write } from "../../src/runtime/arena";
import { assertThrows } from "../support/assert";
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
    arena.readback("c", 16);
    await read(device, [tensor]);
    expect(watch.live).toEqual(["test/a", "test/b", "test/c"]);
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
    const { maxBufferSize } = device.limits;
    // A tensor's place is rounded up, and not every adapter's limit is round.
    const bytes = Math.ceil((4 * maxBufferSize) / alignment) * alignment;
    await assertThrows(
      () => arena.tensor("huge", [maxBufferSize]),
      InvalidInputError,
      new RegExp(
        `^memory for huge: expected at most ${maxBufferSize} bytes in one buffer, got ${bytes}; lower`,
      ),
    );
    expect(arena.bytes).toBe(0);
    arena.dispose();
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
