import { describe, expect, vi } from "vitest";
import type { Device } from "../../src/index";
import { requestNodeDevice } from "../../src/node/index";
import { Arena, read, write } from "../../src/runtime/arena";
import { uniform, writes, type KernelDeclaration } from "../../src/runtime/kernel";
import { Program } from "../../src/runtime/program";
import { programSampler, type ProgramSample } from "../../src/runtime/program-sampler";
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

  gpuTest("a dispatch without workgroups is not measured", async (device) => {
    const arena = new Arena(device, "test");
    const program = await spinning(device, arena, [20_000]);
    const [none] = await profileProgram(device, program, 0, options);
    const [some] = await profileProgram(device, program, 8, options);
    arena.dispose();
    expect(none).toEqual({ label: "spin<times=20000>", milliseconds: 0, repetitions: 0 });
    expect(some.repetitions).toBeGreaterThan(0);
  });

  gpuTest("setting a tensor to zeros is a step with a line of its own", async (device) => {
    const arena = new Arena(device, "test");
    const zeros = arena.tensor("zeros", [1 << 22]);
    write(device, zeros, Float32Array.of(7), 5);
    const program = await spinning(device, arena, [10]);
    program.clear(zeros);
    const times = await profileProgram(device, program, 8, options);
    const [values] = await read(device, [zeros.view("begin", [8])]);
    arena.dispose();
    expect(program.length).toBe(1);
    expect(times.map(({ label }) => label)).toEqual(["spin<times=10>", "clear<tensor=zeros bytes=16777216>"]);
    expect(times[1].milliseconds).toBeGreaterThan(0);
    expect(Array.from(values)).toEqual(new Array(8).fill(0));
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

describe("the sampler", () => {
  /** A program that clears its output, then spins, and the samples that come of running it. */
  async function sampled(device: Device, interval: number) {
    const arena = new Arena(device, "test");
    const factor = arena.tensor("factor", [4]);
    const out = arena.tensor("out", [64]);
    const program = new Program<number>(device, "sampled").clear(out);
    for (const times of [10, 20_000]) program.dispatch(spin(times), { factor, out }, (groups) => [groups]);
    await program.ready();
    const samples: ProgramSample[] = [];
    const sampler = programSampler(device, program, { interval, onSample: (one) => samples.push(one) });
    const run = async (groups: number): Promise<Float32Array> => {
      const encoder = device.gpu.createCommandEncoder();
      if (sampler) sampler.encode(encoder, groups);
      else program.encode(encoder, groups);
      device.gpu.queue.submit([encoder.finish()]);
      sampler?.submitted();
      return (await read(device, [out]))[0];
    };
    const dispose = (): void => {
      sampler?.dispose();
      arena.dispose();
    };
    return { program, sampler, samples, run, dispose };
  }

  gpuTest("has a line for each step, and changes no result", async (device, { skip }) => {
    const { program, sampler, samples, run, dispose } = await sampled(device, 0);
    if (!sampler) {
      dispose();
      return skip("no time stamps here");
    }
    const watch = watchAllocations(device);
    const withStamps = await run(8);
    expect(watch.bindGroupsMade).toBe(0);
    watch.restore();
    await vi.waitFor(() => expect(samples).toHaveLength(1));
    const [{ steps, milliseconds }] = samples;
    expect(steps.map(({ kernel }) => kernel)).toEqual(["clear", "spin", "spin"]);
    expect(steps.map(({ label }) => label)).toEqual(program.labels);
    expect(steps[2].milliseconds).toBeGreaterThan(steps[1].milliseconds);
    const sum = steps.reduce((total, step) => total + step.milliseconds, 0);
    expect(milliseconds).toBeGreaterThanOrEqual(sum * 0.999);
    expect(withStamps.some((value) => value !== 0)).toBe(true);
    // The run before has been read back, so this one is sampled too; an empty one clears the output all the same.
    expect(Array.from(await run(0))).toEqual(new Array(64).fill(0));
    await vi.waitFor(() => expect(samples).toHaveLength(2));
    expect(samples[1].steps[2].milliseconds).toBeLessThan(steps[2].milliseconds);
    dispose();
  });

  gpuTest("samples no more often than asked, and not at all after dispose", async (device, { skip }) => {
    const { sampler, samples, run, dispose } = await sampled(device, 1e9);
    if (!sampler) {
      dispose();
      return skip("no time stamps here");
    }
    const first = await run(8);
    await vi.waitFor(() => expect(samples).toHaveLength(1));
    expect(await run(8)).toEqual(first);
    await device.idle();
    expect(samples).toHaveLength(1);
    sampler.dispose();
    sampler.dispose();
    expect(await run(8)).toEqual(first);
    dispose();
  });

  gpuTest("is not there without time stamps", async () => {
    const device = await requestNodeDevice({ minimum: true });
    const { sampler, dispose } = await sampled(device, 0);
    expect(sampler).toBeUndefined();
    dispose();
    device.destroy();
  });
});
