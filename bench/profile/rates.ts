import { Arena, write } from "../../src/runtime/arena";
import type { Device } from "../../src/runtime/device";
import { reads, uniform, writes, type KernelDeclaration } from "../../src/runtime/kernel";
import { measure, type Encode } from "../../src/runtime/profiler";
import { Program, workgroups } from "../../src/runtime/program";
import { unroll, wgsl } from "../../src/runtime/wgsl";

/** What a machine can do at best. */
export interface Rates {
  /** Bytes per second, read and written ones together. */
  copy: number;
  /** Multiplications and additions per second, in registers. */
  arithmetic: number;
}

const lanes = 64;
/** Larger than the caches of most machines. */
const copyBytes = 64 * 2 ** 20;
/** Independent sums of an invocation: enough to hide latency, few enough to stay in registers. */
const sumCounts = [4, 8, 16];
const unrolled = 16;
const iterations = 64;

/** Measures the rates against which the kernels are held. Takes a second or two. */
export async function measureRates(device: Device): Promise<Rates> {
  const arena = new Arena(device, "rates");
  try {
    return { copy: await copyRate(device, arena), arithmetic: await arithmeticRate(device, arena) };
  } finally {
    arena.dispose();
  }
}

/**
 * Copies one vector of four per invocation.
 *
 *     copied[i] = source[i]
 */
function copyVectors(vectors: number): KernelDeclaration {
  const code = wgsl`
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = (workgroup.x + workgroup.y * 65535u) * ${lanes}u + lane;
  if (at < ${vectors}u) { copied[at] = source[at]; }
}`;
  return {
    name: "copyVectors",
    constants: { vectors },
    bindings: { source: reads("array<vec4f>"), copied: writes("array<vec4f>") },
    code,
  };
}

/**
 * Multiplies and adds in registers, with no memory but a result at the end.
 *
 *     sum_s ← sum_s · factor + factor,   for each of the sums, over and over
 */
function multiplyAdd(sums: number): KernelDeclaration {
  const step = unroll(sums, (s) => `sum${s} = sum${s} * factor.x + factor.y;`);
  const code = wgsl`
@compute @workgroup_size(${lanes})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = factors[0];
  ${unroll(sums, (s) => `var sum${s} = f32(id.x + ${s}u);`)}
  for (var i = 0u; i < ${iterations}u; i++) {
    ${unroll(unrolled, () => step)}
  }
  result[id.x] = ${Array.from({ length: sums }, (_, s) => `sum${s}`).join(" + ")};
}`;
  return {
    name: "multiplyAdd",
    constants: { sums },
    bindings: { factors: uniform("array<vec4f, 1>"), result: writes() },
    code,
  };
}

/** The better of a kernel that copies and the copy command. */
async function copyRate(device: Device, arena: Arena): Promise<number> {
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  const bytes = Math.min(copyBytes, maxStorageBufferBindingSize, maxBufferSize);
  const source = arena.tensor("source", [bytes / 4]);
  const copied = arena.tensor("copied", [bytes / 4]);
  const vectors = bytes / 16;
  const program = new Program<undefined>(device, "copy");
  const declaration = copyVectors(vectors);
  program.dispatch(declaration, { source, copied }, () => workgroups(Math.ceil(vectors / lanes)));
  await program.ready();
  const byKernel: Encode = (encoder, times, timestamps) =>
    program.encodeOne(encoder, 0, undefined, times, timestamps);
  const byCommand: Encode = (encoder, times, timestamps) => {
    const stamp = (writes: Partial<GPUComputePassTimestampWrites>): void => {
      if (!timestamps) return;
      const { querySet } = timestamps;
      encoder.beginComputePass({ timestampWrites: { querySet, ...writes } }).end();
    };
    stamp({ beginningOfPassWriteIndex: timestamps?.beginningOfPassWriteIndex });
    for (let i = 0; i < times; i++) {
      encoder.copyBufferToBuffer(source.buffer, source.offset, copied.buffer, copied.offset, bytes);
    }
    stamp({ endOfPassWriteIndex: timestamps?.endOfPassWriteIndex });
  };
  const times = [await measure(device, byKernel), await measure(device, byCommand)];
  return (2 * bytes * 1000) / Math.min(...times.map(({ milliseconds }) => milliseconds));
}

/** The best of several numbers of sums, with as many workgroups as the device has use for. */
async function arithmeticRate(device: Device, arena: Arena): Promise<number> {
  const most = 4096;
  const result = arena.tensor("result", [most * lanes]);
  const factors = arena.tensor("factors", [4]);
  write(device, factors, Float32Array.of(0.999, 0.001, 0, 0));
  let best = 0;
  for (const sums of sumCounts) {
    const program = new Program<number>(device, "multiply and add");
    program.dispatch(multiplyAdd(sums), { factors, result }, (groups) => [groups]);
    await program.ready();
    for (let groups = 64; groups <= most; groups *= 4) {
      const { milliseconds } = await measure(device, (encoder, times, timestamps) =>
        program.encodeOne(encoder, 0, groups, times, timestamps),
      );
      const rate = (2 * sums * unrolled * iterations * lanes * groups * 1000) / milliseconds;
      if (rate < best * 1.05) break;
      best = rate;
    }
  }
  return best;
}
