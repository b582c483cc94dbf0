import type { ScanForm, StepValues } from "../kernels";
import { allocated, Arena, write } from "../runtime/arena";
import type { Device } from "../runtime/device";
import { describe, firstLine, KernelError, StateError, TooLargeError } from "../runtime/errors";
import { Program } from "../runtime/program";
import { elements, type Tensor } from "../runtime/tensor";
import { denseOf, type Architecture } from "./architecture";
import type { BatchLayout } from "./batch-layout";
import { BatchPlanner, fits, planTensors, type BatchCapacity } from "./batch-plan";
import type { Compiled } from "./compiled";
import { recordBody } from "./record/body";
import { recordHead } from "./record/head";
import { recordOptimizer, recordPenalties, recordSums } from "./record/optimizer";
import { partialsLength, type Recorder, type Recording } from "./record/recorder";
import { cutSteps } from "./record/scan-dispatches";
import type { TokenData } from "./token-data";

/** Entries for the loss and accuracy of steps that have not been read back yet. */
export const metricEntries = 4096;

/** Steps of training that one submit can hold, where their plans have room. */
const planSlots = 4;

/** What a model is compiled to do. */
export interface Compilation extends Pick<Compiled, "parameters" | "loss" | "optimizer" | "chunkSteps"> {
  shape: ScanForm;
}

/** What a workspace must have room for. */
export interface WorkspaceNeeds {
  layout: BatchLayout;
  /** Of the whole batch. */
  capacity: BatchCapacity;
  /** Of a smaller piece than this: of fewer samples, or of fewer steps of one; none where batches are taken whole. */
  smaller?: (piece: BatchCapacity) => BatchCapacity | undefined;
  /** Tokens of the data set, the zeros before it included. */
  tokens: number;
  training: boolean;
}

/**
 * All memory and programs for batches up to a size: the data set's tokens, the batch plan, what lies
 * between the layers, and the recorded steps. Running a step allocates nothing. Where the states of a batch are more
 * than a kernel can bind, there is room for a piece of it, and the gradients of the pieces are added up.
 */
export class Workspace {
  readonly device: Device;
  readonly planner: BatchPlanner;
  /** Forward pass, loss, backward pass and optimizer; for all parts of a batch but the last without the optimizer. */
  readonly train: Program<StepValues> | undefined;
  /** Of the parts of a batch before the last: forward pass, loss, backward pass, and the sum of the gradients. */
  readonly trainPart: Program<StepValues> | undefined;
  /** Of the windows of a sample but the last, before they are trained on: the forward pass, for the states between them. */
  readonly advance: Program<StepValues> | undefined;
  /** Forward pass and loss; leaves the model's output in `outputs`. */
  readonly evaluate: Program<StepValues>;
  /** Of the parts of a batch before the last: what the weights add to the loss counts once a batch. */
  readonly evaluatePart: Program<StepValues> | undefined;
  readonly outputs: Tensor;
  /** [metricEntries, 4]: (loss, right answers, answers, 0) of a step. */
  readonly metrics: Tensor;
  /** The states that stateful layers carry from batch to batch. */
  readonly carried: Tensor[] = [];
  /** The last states of layers that return them: [samples, U or 2·U], c behind h. */
  readonly returned: Tensor[] = [];
  readonly #plan: Record<string, Tensor>;
  /** Where the plans of a submit's steps begin. */
  readonly #slots: readonly Tensor[];
  /** Sums of the gradients of a batch's parts: zeros between two batches. */
  #sums: readonly Tensor[] = [];
  #disposed = false;

  constructor(
    readonly arena: Arena,
    architecture: Architecture,
    { parameters, loss, optimizer, shape, chunkSteps }: Compilation,
    readonly needs: WorkspaceNeeds,
    /** What there is room for at a time. */
    readonly capacity: BatchCapacity = needs.capacity,
  ) {
    const { training } = needs;
    const { device } = arena;
    this.device = device;
    // A window begins with the states that the one before has left, in padding as elsewhere.
    const inWindows = { ...needs.layout, sharePrefix: false, carriesState: true };
    const layout = capacity.windows > 0 ? inWindows : needs.layout;
    this.planner = new BatchPlanner(capacity, layout, architecture.vocabulary);
    const declarations = planTensors(capacity, layout);
    const sections = arena.pack("plan", declarations);
    this.#plan = Object.fromEntries(declarations.map(({ label }, i) => [label, sections[i]]));
    this.#plan.tokens = arena.tensor("tokens", [needs.tokens], "u32");
    // They are copied, never bound: only the size of a buffer counts.
    const room = Math.max(1, Math.floor(device.limits.maxBufferSize / this.planner.block.byteLength));
    const slots = Array.from({ length: training ? Math.min(planSlots, room) : 1 }, () => declarations);
    const copies = arena.pack("planSlots", slots.flat());
    this.#slots = copies.filter((_, i) => i % declarations.length === 0);
    this.metrics = arena.tensor("metrics", [metricEntries, 4]);
    this.#plan.slots = arena.tensor("slots", [architecture.vocabulary], "u32");
    this.#plan.partials = arena.tensor("partials", [training ? scratchLength(architecture, shape) : 4]);

    let streams = 0;
    const forward: Recording[] = [];
    const backward: Recording[] = [];
    const recorder: Recorder = {
      arena,
      layout,
      capacity,
      shape,
      plan: this.#plan,
      chunks: cutSteps(capacity.steps, chunkSteps(capacity.samples)),
      carried: this.carried,
      returned: this.returned,
      nextStream: () => ++streams,
      training,
      forward,
      backward,
      stage: 0,
      inStage: (record) => record,
    };
    const { flow, behind } = recordBody(recorder, architecture, parameters);
    const head = (part: Recorder): Tensor => {
      const last = architecture.layers.length - 1;
      const config = denseOf(architecture.layers[last].config)!;
      const gradients = part.training ? parameters.gradients.weights[last] : undefined;
      return recordHead(part, config, loss, this.metrics, flow, parameters.weights[last], gradients);
    };
    const forwardHead: Recording[] = [];
    this.outputs = head({ ...behind, training: false, forward: forwardHead });
    const penalties: Recording = (program, train) => {
      const into = { step: this.#plan.step, metrics: this.metrics };
      recordPenalties(program, arena, parameters, into, train);
    };
    const evaluation = [...forward, ...forwardHead.map(behind.inStage)];
    this.evaluate = programOf(device, "evaluate", [...evaluation, penalties], false);
    if (this.divides) this.evaluatePart = programOf(device, "evaluate part", evaluation, false);
    if (training) {
      const trainHead: Recording[] = [];
      head({ ...behind, forward: trainHead });
      const pass = [...forward, ...trainHead.map(behind.inStage), ...backward.reverse()];
      const end: Recording[] = [penalties];
      if (this.divides) {
        const { sums, add, take } = recordSums(arena, parameters);
        this.#sums = sums;
        this.trainPart = programOf(device, "train part", [...pass, add], true);
        if (capacity.windows > 0) this.advance = programOf(device, "advance", forward, true);
        end.unshift(take);
      }
      this.train = programOf(device, "train", [...pass, ...end], true);
      recordOptimizer(this.train, parameters, optimizer.rule, this.#plan.step);
    }
  }

  /**
   * A workspace whose pipelines are compiled; where that fails, nothing is left behind. Where a driver cannot compile the
   * narrow shape, whose text is long, the model goes on with the wide one. A batch that is too large for
   * the device's bindings is taken in as many equal parts as it needs: two, four, eight, … A single sample that is too
   * large is taken in as many equal windows of time.
   */
  static async create(
    architecture: Architecture,
    compiled: Compiled,
    needs: WorkspaceNeeds,
  ): Promise<Workspace> {
    const make = async (capacity: BatchCapacity): Promise<Workspace> => {
      const arena = new Arena(compiled.device, needs.training ? "training" : "inference");
      try {
        return await allocated(arena, () => new Workspace(arena, architecture, compiled, needs, capacity));
      } catch (error) {
        const smaller = error instanceof TooLargeError && needs.smaller?.(capacity);
        if (!smaller) throw error;
        return make(smaller);
      }
    };
    const workspace = await make(needs.capacity);
    try {
      return await workspace.ready();
    } catch (error) {
      workspace.dispose();
      if (!(error instanceof KernelError) || compiled.shape === "wide") throw error;
      console.warn(`${firstLine(error)}; the wide scan is used instead`);
      compiled.shape = "wide";
      return Workspace.create(architecture, compiled, needs);
    }
  }

  /** Whether this workspace serves `needs` as it is. */
  serves(needs: WorkspaceNeeds): boolean {
    return (
      same(needs.layout, this.needs.layout) &&
      (this.divides ? same(needs.capacity, this.needs.capacity) : fits(needs.capacity, this.capacity)) &&
      needs.tokens <= this.needs.tokens &&
      (!needs.training || this.needs.training)
    );
  }

  /** Whether batches are taken in parts, or samples in windows of time. */
  get divides(): boolean {
    return this.capacity !== this.needs.capacity;
  }

  async ready(): Promise<this> {
    const programs = [this.evaluate, this.evaluatePart, this.train, this.trainPart, this.advance];
    await Promise.all(programs.flatMap((program) => program?.ready() ?? []));
    return this;
  }

  /** Puts a data set on the device: zeros for the shared padding, then the tokens of all rows. */
  uploadTokens(data: TokenData): void {
    const { buffer, offset } = this.#plan.tokens;
    const { queue } = this.device.gpu;
    queue.writeBuffer(buffer, offset, new Uint32Array(data.steps));
    queue.writeBuffer(buffer, offset + data.steps * 4, data.tokens as BufferSource);
  }

  /** Plans that one submit can hold. */
  get planSlots(): number {
    return this.#slots.length;
  }

  /** Lets stateful layers go on from states of another workspace, as far as both have the same samples. */
  takeStates(states: readonly Float32Array[]): void {
    states.forEach((values, i) => {
      write(this.device, this.carried[i], values.subarray(0, this.carried[i].length));
    });
  }

  /** Lets stateful layers begin anew: their states are zero. */
  resetStates(): void {
    this.#clear(this.carried);
  }

  /** Forgets the parts of a batch whose others will not come. */
  dropParts(): void {
    if (this.#sums.length > 0 && !this.#disposed) this.#clear(this.#sums);
  }

  #clear(tensors: readonly Tensor[]): void {
    this.device.submit("clear", (encoder) => {
      for (const { buffer, offset, bytes } of tensors) encoder.clearBuffer(buffer, offset, bytes);
    });
  }

  /** Uploads the planned batch, the first `words` of the planner's block, and has the encoder put it in place. */
  encodePlan(encoder: GPUCommandEncoder, slot: number, words: number): void {
    const { buffer, offset } = this.#slots[slot];
    this.device.gpu.queue.writeBuffer(buffer, offset, this.planner.block as BufferSource, 0, words);
    encoder.copyBufferToBuffer(buffer, offset, this.#plan.step.buffer, 0, words * 4);
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** @throws {StateError} the model was disposed of in the middle of a call. */
  assertLive(where: string): void {
    if (this.#disposed) {
      throw new StateError(
        describe(where, "a live model to the end", "dispose() in the middle of it", "await the call first"),
      );
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.arena.dispose();
  }
}

/** Whether two pieces of plain data, made by the same function, hold the same. */
const same = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);

function programOf(
  device: Device,
  label: string,
  recordings: readonly Recording[],
  training: boolean,
): Program<StepValues> {
  const program = new Program<StepValues>(device, label);
  for (const record of recordings) record(program, training);
  return program;
}

/** Scratch for the partial sums of the largest kernel's gradient. */
function scratchLength({ layers }: Architecture, scan: ScanForm): number {
  const lengths = layers
    .flatMap(({ weights }) => weights)
    .filter(({ key }) => /(^|\.)(kernel|recurrentKernel)$/.test(key))
    .map(({ shape }) => partialsLength(scan, elements(shape) / shape.at(-1)!, shape.at(-1)!));
  return Math.max(4, ...lengths);
}
