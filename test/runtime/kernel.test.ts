import { describe, expect, test } from "vitest";
import { KernelError } from "../../src/index";
import { Arena, read, write } from "../../src/runtime/arena";
import { Kernel, numbered, reads, uniform, writes, type KernelDeclaration } from "../../src/runtime/kernel";
import { Program, workgroups } from "../../src/runtime/program";
import { wgsl } from "../../src/runtime/wgsl";
import { assertThrows } from "../support/assert";
import { useDevice } from "./use-device";

const gpuTest = useDevice();

const addition: KernelDeclaration = {
  name: "addition",
  constants: { columns: 3, useBias: true },
  bindings: { x: reads(), bias: uniform("vec4f"), sum: writes() },
  code: wgsl`
@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < 3u) { sum[id.x] = x[id.x] + bias[id.x]; }
}`,
};

describe("kernels", () => {
  gpuTest("the declaration makes the binding lines and the label", (device) => {
    const kernel = Kernel.of(device, addition);
    expect(kernel.label).toBe("addition<columns=3 useBias=true>");
    expect(kernel.source.split("\n").slice(0, 3)).toEqual([
      "@group(0) @binding(0) var<storage, read> x: array<f32>;",
      "@group(0) @binding(1) var<uniform> bias: vec4f;",
      "@group(0) @binding(2) var<storage, read_write> sum: array<f32>;",
    ]);
    expect(Kernel.of(device, { ...addition })).toBe(kernel);
    expect(Kernel.of(device, { ...addition, constants: { columns: 4 } })).not.toBe(kernel);
    return Promise.resolve();
  });

  gpuTest("a program runs, and prints what it runs", async (device) => {
    const arena = new Arena(device, "test");
    const [x, bias, sum] = ["x", "bias", "sum"].map((label) => arena.tensor(label, [3]));
    write(device, x, Float32Array.of(1, 2, 3));
    write(device, bias, Float32Array.of(10, 20, 30));
    const program = new Program<number>(device, "adds").dispatch(addition, { x, bias, sum }, (n) => [n]);
    expect(program.length).toBe(1);
    expect(program.toString()).toBe(`program adds
 1. addition<columns=3 useBias=true>
    x <- x: f32[3]
    bias <- bias: f32[3]
    sum <- sum: f32[3]`);
    await program.ready();
    program.run(0);
    expect([...(await read(device, [sum]))[0]]).toEqual([0, 0, 0]);
    program.run(1);
    expect([...(await read(device, [sum]))[0]]).toEqual([11, 22, 33]);
    arena.dispose();
  });

  gpuTest("missing and unknown names are refused, all of them at once", async (device) => {
    const arena = new Arena(device, "test");
    const x = arena.tensor("x", [3]);
    const bind = (tensors: Record<string, typeof x>) => () =>
      new Program(device, "wrong").dispatch(addition, tensors, () => [1]);
    await assertThrows(
      bind({ x, sum: x }),
      KernelError,
      /^kernel addition: expected tensors for x, bias, sum, got no tensor for "bias"; /,
    );
    await assertThrows(
      bind({ x, bias: x, sum: x, extra: x }),
      KernelError,
      /a tensor for "extra", which it does not declare; pass exactly/,
    );
    await assertThrows(
      bind({ x, other: x }),
      KernelError,
      /"bias" and no tensor for "sum" and a tensor for "other"/,
    );
    arena.dispose();
  });

  gpuTest("a shader that does not compile: kernel, flags, line, numbered source", async (device) => {
    const broken = {
      ...addition,
      name: "broken",
      code: "@compute @workgroup_size(1)\nfn main() { sum[0] = nonsense; }",
    };
    // Making the shader module reports the error as well; the test looks at the message that a user sees.
    device.gpu.pushErrorScope("validation");
    const error = await Kernel.of(device, broken).pipeline.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    await device.gpu.popErrorScope();
    expect(error).toBeInstanceOf(KernelError);
    const { message } = error as Error;
    expect(message).toMatch(
      /^kernel broken<columns=3 useBias=true>: expected a shader that compiles, got line 5: /,
    );
    expect(message).toMatch(/nonsense/);
    expect(message).toContain("\n   1  @group(0) @binding(0) var<storage, read> x: array<f32>;\n");
    expect(message).toContain("\n   5  fn main() { sum[0] = nonsense; }");
  });
});

test("source with line numbers", () => {
  expect(numbered("a\nb")).toBe("   1  a\n   2  b");
});

test("a grid beyond 65,535 workgroups is folded into rows", () => {
  expect(workgroups(65_535)).toEqual([65_535]);
  const [x, y = 1] = workgroups(65_536);
  expect([x, y]).toEqual([65_535, 2]);
});
