import { describe, expect } from "vitest";
import type { Device } from "../../src/index";
import { requestNodeDevice } from "../../src/node/index";
import { Arena } from "../../src/runtime/arena";
import { uniform, writes, type KernelDeclaration } from "../../src/runtime/kernel";
import { Program } from "../../src/runtime/program";
import { clockOf, measure, profileProgram, type ProfileOptions } from "../../src/runtime/profiler";
import { wgsl } from "../../src/runtime/wgsl";
import { useDevice } from "./use-device";
import { watchAllocations } from "./validation";

const gpuTest = useDevice();

/** Few rounds: nothing here depends on exact times. */
const options: ProfileOptions = { rounds: 3, window: 10 };

/** Each invocation goes round a loop that the compiler cannot shorten. */
function spin(times: number): KernelDeclaration {
  const code = wgsl`
@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var x = f32(id.x);
  for (var i = 0u; i < ${times}u; i++) { x = sin(x + factor[0].x); }
  out[id.x] = x;
}`;
  return {
    name: "spin",
    constants: { times },
    bindings: { factor: uniform("array<vec4f, 1>"), out: writes() },
    code,
  };
}

/** A program of one dispatch for each number of times. */
async function spinning(device: Device, arena: Arena, times: readonly number[]): Promise<Program<number>> {
  const factor = arena.tensor("factor", [4]);
  const out = arena.tensor("out", [64]);
  const program = new Program<number>(device, "spinning");
  for (const count of times) program.dispatch(spin(count), { factor, out }, (groups) => [groups]);
  return program.ready();
}

describe("the profiler", () => {
  gpuTest("gives a line for each dispatch, in order, and tells long from short", async (device) => {
    const arena = new Arena(device, "test");
    const program = await spinning(device, arena, [10, 20_000, 20]);
    const times = await profileProgram(device, program, 8, options);
    arena.dispose();
    expect(times.map(({ label }) => label)).toEqual([
      "spin<times=10>",
      "spin<times=20000>",
      "spin<times=20>",
    ]);
    const [short, long] = times;
    expect(short.milliseconds).toBeGreaterThan(0);
    // Two thousand times the work; on a busy machine only the order is certain.
    expect(long.milliseconds).toBeGreaterThan(short.milliseconds);
  });

  gpuTest("time stamps and the wall clock agree", async (device, { skip }) => {
    if (clockOf(device) !== "time stamps") return skip("no time stamps here");
    const arena = new Arena(device, "test");
    const program = await spinning(device, arena, [20_000]);
    const [{ milliseconds, repetitions }] = await profileProgram(device, program, 8, options);
    const encoder = device.gpu.createCommandEncoder();
    program.encodeOne(encoder, 0, 8, repetitions);
    const begin = performance.now();
    device.gpu.queue.submit([encoder.finish()]);
    await device.idle();
    const wall = (performance.now() - begin) / repetitions;
    arena.dispose();
    // The machine may be busy with other things: only orders of magnitude count.
    expect(milliseconds).toBeGreaterThan(wall / 100);
    expect(milliseconds).toBeLessThan(wall * 100);
  });

  gpuTest("without time stamps it reads the wall clock", async () => {
    const device = await requestNodeDevice({ minimum: true });
    expect(clockOf(device)).toBe("wall clock");
    const arena = new Arena(device, "test");
    const program = await spinning(device, arena, [20_000]);
    const [{ milliseconds }] = await profileProgram(device, program, 8, options);
    expect(milliseconds).toBeGreaterThan(0);
    arena.dispose();
    device.destroy();
  });

  gpuTest("a dispatch without workgroups takes next to nothing", async (device) => {
    const arena = new Arena(device, "test");
    const program = await spinning(device, arena, [20_000]);
    const [none] = await profileProgram(device, program, 0, options);
    const [some] = await profileProgram(device, program, 8, options);
    arena.dispose();
    expect(none.milliseconds).toBeLessThan(some.milliseconds / 10);
  });

  gpuTest("measures what is no program", async (device) => {
    const arena = new Arena(device, "test");
    const [from, to] = [arena.tensor("from", [1024]), arena.tensor("to", [1024])];
    const { milliseconds } = await measure(
      device,
      (encoder, times, timestampWrites) => {
        for (let i = 0; i < times; i++) {
          encoder.copyBufferToBuffer(from.buffer, 0, to.buffer, 0, from.bytes);
        }
        encoder.beginComputePass({ timestampWrites }).end();
      },
      options,
    );
    arena.dispose();
    expect(milliseconds).toBeGreaterThanOrEqual(0);
  });

  gpuTest("leaves no buffer behind", async (device) => {
    const arena = new Arena(device, "test");
    const program = await spinning(device, arena, [10]);
    const watch = watchAllocations(device);
    await profileProgram(device, program, 1, options);
    const left = watch.live.length;
    watch.restore();
    arena.dispose();
    expect(left).toBe(0);
  });
});
