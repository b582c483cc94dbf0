import type { StepValues } from "../kernels";
import type { Device } from "../runtime/device";
import type { Program } from "../runtime/program";
import { programSampler, type ProgramSampler, type SamplerOptions } from "../runtime/program-sampler";
import type { Workspace } from "./workspace";

/** Milliseconds of work that one submit may hold: a submit costs a tenth of one, a page waits for what it holds. */
const mostPerSubmit = 10;

/** Milliseconds of work that the GPU may be behind: enough to keep it busy, little enough to stop soon. */
const mostBehind = 200;

/** Hands steps to the GPU. */
export interface StepQueue {
  /** Adds a step with the batch that was planned last; submits once there is enough of it. */
  add: (plan: { sizes: StepValues; words: number }, program: Program<StepValues>) => Promise<void>;
  /** Submits what was added; nothing of it once the memory is freed. */
  submit: () => void;
  /** Submits what is left, for steps that were counted are also done, and frees what the queue holds. */
  dispose: () => void;
}

/**
 * Submits several steps together where they are short, and lets the GPU fall behind by a bounded time, not by a number
 * of steps: some browsers look only ten times a second whether work is done. Each step of a submit has a slot of its
 * own for the batch's plan, since writes to a buffer take effect before the whole submit.
 *
 * @param profile who wants to know how long the steps take
 */
export function stepQueue(
  device: Device,
  workspace: Workspace,
  profile: () => SamplerOptions | undefined = () => undefined,
): StepQueue {
  const { planSlots, divides } = workspace;
  const trained = workspace.programs.train?.last;
  const inFlight: { done: Promise<void>; steps: number }[] = [];
  const begin = performance.now();
  let encoder: GPUCommandEncoder | undefined;
  let sampled: { options: SamplerOptions; sampler: ProgramSampler<StepValues> | undefined } | undefined;
  let pending = 0;
  let done = 0;

  const endSampler = (): void => {
    sampled?.sampler?.dispose();
    sampled = undefined;
  };
  /** Takes the time of the program's steps, while somebody wants to know it and the device can tell. */
  const samplerNow = (program: Program<StepValues>): ProgramSampler<StepValues> | undefined => {
    const options = profile();
    if (options !== sampled?.options) {
      endSampler();
      if (options) sampled = { options, sampler: programSampler(device, program, options) };
    }
    return sampled?.sampler;
  };
  /** Milliseconds of a step, if so many are done. */
  const perStep = (steps: number): number => (performance.now() - begin) / steps;
  const perSubmit = (): number => {
    // Long as long as none is known to be done.
    const milliseconds = done > 0 ? perStep(done) : mostPerSubmit;
    return Math.min(planSlots, Math.max(1, Math.floor(mostPerSubmit / milliseconds)));
  };
  const behind = (): number => inFlight.reduce((sum, { steps }) => sum + steps, 0);
  const mostSteps = (): number => {
    // A part of a batch may take seconds: before one is done, no others wait for it.
    if (divides && done === 0) return 1;
    const steps = Math.round(mostBehind / perStep(Math.max(1, done)));
    return Math.min(64, Math.max(divides ? 1 : 2, steps));
  };
  const submit = (): void => {
    const [full, steps] = [encoder, pending];
    encoder = undefined;
    pending = 0;
    if (!full || workspace.disposed) return;
    device.gpu.queue.submit([full.finish()]);
    sampled?.sampler?.submitted();
    const ended = device.idle().then(() => void (done += steps));
    // A lost device is reported by whoever uses it next, not by a wait that was left behind.
    ended.catch(() => undefined);
    inFlight.push({ done: ended, steps });
  };
  return {
    submit,
    async add({ sizes, words }, program) {
      encoder ??= device.gpu.createCommandEncoder({ label: program.label });
      workspace.encodePlan(encoder, pending++, words);
      // A part of a batch is no whole step, and has no time of one.
      const sampler = pending === 1 && program === trained ? samplerNow(program) : undefined;
      (sampler ?? program).encode(encoder, sizes);
      if (pending < perSubmit()) return;
      submit();
      while (behind() > mostSteps()) await inFlight.shift()?.done;
    },
    dispose() {
      submit();
      endSampler();
    },
  };
}
