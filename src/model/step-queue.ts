import type { StepValues } from "../kernels";
import type { Device } from "../runtime/device";
import type { Program } from "../runtime/program";
import { ProgramSampler, type SamplerOptions } from "../runtime/program-sampler";
import type { Workspace } from "./workspace";

/** Milliseconds of work that one submit may hold: a submit costs a tenth of one, a page waits for what it holds. */
const mostPerSubmit = 10;

/** Milliseconds of work that the GPU may be behind: enough to keep it busy, little enough to stop soon. */
const mostBehind = 200;

/**
 * Hands steps to the GPU, several in a submit where they are short, and lets it fall behind by a bounded time,
 * not by a number of steps: some browsers look only ten times a second whether work is done. Each step of a
 * submit has a slot of its own for the batch's plan, since writes to a buffer take effect before the whole
 * submit.
 */
export class StepQueue {
  readonly #inFlight: { done: Promise<void>; steps: number }[] = [];
  readonly #begin = performance.now();
  #encoder: GPUCommandEncoder | undefined;
  #sampler: { options: SamplerOptions; sampler: ProgramSampler<StepValues> | undefined } | undefined;
  #pending = 0;
  #done = 0;

  constructor(
    readonly device: Device,
    readonly workspace: Workspace,
    readonly profile: () => SamplerOptions | undefined = () => undefined,
  ) {}

  /** Adds a step with the batch that was planned last; submits once there is enough of it. */
  async add(
    { sizes, words }: { sizes: StepValues; words: number },
    program: Program<StepValues>,
  ): Promise<void> {
    this.#encoder ??= this.device.gpu.createCommandEncoder({ label: program.label });
    this.workspace.encodePlan(this.#encoder, this.#pending++, words);
    // A part of a batch is no whole step, and has no time of one.
    const whole = this.#pending === 1 && program !== this.workspace.trainPart;
    const sampler = whole ? this.#samplerNow(program) : undefined;
    (sampler ?? program).encode(this.#encoder, sizes);
    if (this.#pending < this.#perSubmit) return;
    this.submit();
    while (this.#behind > this.#mostSteps) await this.#inFlight.shift()?.done;
  }

  /** Submits what was added; nothing of it once the memory is freed. */
  submit(): void {
    const [encoder, steps] = [this.#encoder, this.#pending];
    this.#encoder = undefined;
    this.#pending = 0;
    if (!encoder || this.workspace.disposed) return;
    this.device.gpu.queue.submit([encoder.finish()]);
    this.#sampler?.sampler?.submitted();
    const done = this.device.idle().then(() => void (this.#done += steps));
    // A lost device is reported by whoever uses it next, not by a wait that was left behind.
    done.catch(() => undefined);
    this.#inFlight.push({ done, steps });
  }

  /** Submits what is left, for steps that were counted are also done, and frees what the queue holds. */
  dispose(): void {
    this.submit();
    this.#endSampler();
  }

  #endSampler(): void {
    this.#sampler?.sampler?.dispose();
    this.#sampler = undefined;
  }

  /** Takes the time of the program's steps, while somebody wants to know it and the device can tell. */
  #samplerNow(program: Program<StepValues>): ProgramSampler<StepValues> | undefined {
    const options = this.profile();
    if (options !== this.#sampler?.options) {
      this.#endSampler();
      if (options) {
        this.#sampler = { options, sampler: ProgramSampler.of(this.device, program, options) };
      }
    }
    return this.#sampler?.sampler;
  }

  /** Milliseconds of a step; long as long as none is known to be done. */
  get #perStep(): number {
    return this.#done > 0 ? (performance.now() - this.#begin) / this.#done : mostPerSubmit;
  }

  get #perSubmit(): number {
    const { planSlots } = this.workspace;
    return Math.min(planSlots, Math.max(1, Math.floor(mostPerSubmit / this.#perStep)));
  }

  get #behind(): number {
    return this.#inFlight.reduce((sum, { steps }) => sum + steps, 0);
  }

  get #mostSteps(): number {
    const { divides } = this.workspace;
    // A part of a batch may take seconds: before one is done, no others wait for it.
    if (divides && this.#done === 0) return 1;
    const perStep = (performance.now() - this.#begin) / Math.max(1, this.#done);
    return Math.min(64, Math.max(divides ? 1 : 2, Math.round(mostBehind / perStep)));
  }
}
