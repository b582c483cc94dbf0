import { allocated, Arena, write } from "../runtime/arena";
import { describe, firstLine, KernelError, StateError, TooLargeError } from "../runtime/errors";
import { cutSteps } from "./record/scan-dispatches";
import { elements, type Tensor } from "../runtime/tensor";
import { denseOf, type Architecture } from "./architecture";
import { BatchPlanner, fits, metricEntries } from "./batch-plan";
import { recordPrograms, type Programs } from "./record/programs";
import { partialsLength } from "./record/weight-gradient";
import { WindowsPlanner } from "./windows-planner";
import type { ScanForm } from "../kernels";
import type { Device } from "../runtime/device";
import type { BatchCapacity, BatchLayout } from "./batch-layout";
import type { Planner } from "./planner";
import type { Compiled } from "./compiled";
import type { TokenData } from "./token-data";

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
  /** Whether the gradients of a batch are all that is wanted: neither evaluation nor optimizer. */
  gradientsOnly?: boolean;
}

/**
 * All memory and programs for batches up to a size: the data set's tokens, the batch plan, what lies
 * between the layers, and the recorded steps. Running a step allocates nothing. Where the states of a batch are more
 * than a kernel can bind, there is room for a piece of it, and the gradients of the pieces are added up.
 */
export class Workspace {
  readonly device: Device;
  readonly planner: Planner;
  readonly programs: Programs;
  /** [metricEntries, 4]: (loss, right answers, answers, 0) of a step. */
  readonly metrics: Tensor;
  /** The states that stateful layers carry from batch to batch. */
  readonly carried: Tensor[] = [];
  /** The last states of layers that return them: [samples, U or 2·U], c behind h. */
  readonly returned: Tensor[] = [];
  readonly #tokens: Tensor | undefined;
  /** The batch's plan on the device. */
  readonly #plan: Tensor;
  /** Where the plans of a submit's steps begin. */
  readonly #slots: readonly Tensor[];
  /** What a batch's parts add up: zeros between two batches. */
  readonly #sums: readonly Tensor[] = [];
  #disposed = false;

  constructor(
    readonly arena: Arena,
    architecture: Architecture,
    compilation: Compilation,
    readonly needs: WorkspaceNeeds,
    /** What there is room for at a time. */
    readonly capacity: BatchCapacity = needs.capacity,
  ) {
    const { parameters, shape, chunkSteps } = compilation;
    const { layout, training, tokens } = needs;
    const { vocabulary } = architecture;
    const { device } = arena;
    this.device = device;
    const inWindows = capacity.windows > 1;
    this.planner = inWindows
      ? new WindowsPlanner(capacity, layout, vocabulary, needs.capacity.steps)
      : new BatchPlanner(capacity, layout, vocabulary);
    const { block, tensors: declarations } = this.planner;
    const sections = arena.pack("plan", declarations);
    [this.#plan] = sections;
    if (!this.planner.layout.ownTokens) this.#tokens = arena.tensor("tokens", [tokens], "u32");
    // They are copied, never bound: only the size of a buffer counts.
    const room = Math.max(1, Math.floor(device.limits.maxBufferSize / block.byteLength));
    const slots = Array.from({ length: training ? Math.min(planSlots, room) : 1 }, () => declarations);
    const copies = arena.pack("planSlots", slots.flat());
    this.#slots = copies.filter((_, i) => i % declarations.length === 0);
    this.metrics = arena.tensor("metrics", [metricEntries, 4]);
    const counts = arena.tensor("maskCounts", [2], "u32");
    this.#sums = this.divides ? [counts, ...(training ? parameters.sums.banks : [])] : [];
    const most = 4 * Math.floor(device.limits.maxStorageBufferBindingSize / 16);
    const scratch = training ? scratchLength(architecture, shape) : 4;
    const shared = {
      counts,
      ...(this.#tokens && { tokens: this.#tokens }),
      // Of a table that comes in parts the rows are gathered: nothing looks a token's number up.
      slots: arena.tensor("slots", [Math.min(vocabulary, most)], "u32"),
      partials: arena.tensor("partials", [Math.min(scratch, most)]),
    };
    const perWindow = declarations.length / capacity.windows;
    const plans = Array.from({ length: capacity.windows }, (_, window) => {
      const own = sections.slice(window * perWindow, (window + 1) * perWindow);
      return { ...shared, ...Object.fromEntries(own.map((tensor) => [tensor.label, tensor])) };
    });
    const base = {
      ...{ arena, capacity, shape, training },
      layout: this.planner.layout,
      samples: needs.capacity.samples,
      divides: this.divides,
      gradientsOnly: needs.gradientsOnly ?? false,
      chunks: cutSteps(capacity.steps, chunkSteps(capacity.samples)),
      carried: this.carried,
      returned: this.returned,
    };
    this.programs = recordPrograms(base, plans, architecture, compilation, this.metrics);
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
    const { evaluate, train } = this.programs;
    const programs = [evaluate, train].flatMap((pass) => pass && [pass.last, pass.part, pass.count]);
    await Promise.all(programs.flatMap((program) => program?.ready() ?? []));
    return this;
  }

  /** Puts a data set on the device: zeros for the shared padding, then the tokens of all rows. */
  uploadTokens(data: TokenData): void {
    if (!this.#tokens) return;
    const { buffer, offset } = this.#tokens;
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
    encoder.copyBufferToBuffer(buffer, offset, this.#plan.buffer, 0, words * 4);
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

/** Scratch for the partial sums of the largest kernel's gradient. */
function scratchLength({ layers }: Architecture, scan: ScanForm): number {
  const lengths = layers
    // A frozen dense layer has none; others may have them beside what is trained.
    .filter(({ config, weights }) => !denseOf(config) || weights.some(({ trainable }) => trainable))
    .flatMap(({ weights }) => weights)
    .filter(({ key }) => /(^|\.)(kernel|recurrentKernel)$/.test(key))
    .map(({ shape }) => partialsLength(scan, elements(shape) / shape.at(-1)!, shape.at(-1)!));
  return Math.max(4, ...lengths);
}
