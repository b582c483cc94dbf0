import { Arena, read, write } from "../runtime/arena";
import { placeOf } from "../runtime/banks";
import type { Device } from "../runtime/device";
import { alignment, elements, Tensor } from "../runtime/tensor";
import type { LayerPlan, WeightPlan } from "./architecture";
import type { Regularizer } from "./regularizers";
import { namedWeights } from "./weight-values";
import type { NamedWeight } from "./weights";
import { clipsByNorm, optimizerSlots, type OptimizerRule } from "../kernels";

/** A layer's weights, or their gradients, by the names they have in the layer: `kernel`, `bias`, … */
export type WeightTensors = Record<string, Tensor>;

/** Values that belong to the weights. */
interface Companion {
  /** Those of the weights that are trained, padding between them included: a tensor for each buffer that they take. */
  banks: Tensor[];
  /** One by one, in Keras's order. */
  flat: Tensor[];
}

/** The derivatives of the loss by the weights that are trained. */
interface Gradients {
  /** A tensor for each bank of the parameters. */
  banks: Tensor[];
  /** One by one, in Keras's order. */
  flat: Tensor[];
  /** Per layer; none for those without weights that are trained. */
  weights: (WeightTensors | undefined)[];
}

/** Tables that clipping by norm reads, of one bank. */
interface ClipTables {
  ranges: Tensor;
  variableOf: Tensor;
}

/**
 * The parameters of a model on a device: one buffer, or as many banks as they take where a kernel cannot bind that
 * much. The weights of frozen layers lie behind all others, so that the optimizer goes over the first part alone;
 * gradients, and what it remembers, are kept for that part only, in its layout.
 */
export class Parameters {
  readonly arena: Arena;
  /** All parameters that are trained, padding between weights included, bank by bank; none where no layer is. */
  readonly trained: readonly Tensor[];
  /** The weights that are trained, in Keras's order. */
  readonly trainedPlans: readonly WeightPlan[];
  /** Per layer. */
  readonly weights: WeightTensors[];
  /** The weights in Keras's order. */
  readonly flat: readonly Tensor[];
  readonly #layers: readonly LayerPlan[];
  readonly #plans: readonly WeightPlan[];
  #gradients: Gradients | undefined;
  #sums: Companion | undefined;
  #slots: Record<string, Companion> = {};

  constructor(
    readonly device: Device,
    layers: readonly LayerPlan[],
  ) {
    this.arena = new Arena(device, "model");
    this.#layers = layers;
    this.#plans = layers.flatMap(({ weights }) => weights);
    this.trainedPlans = this.#plans.filter(({ trainable }) => trainable);
    const { banks, flat } = this.#companion("parameters", this.#plans);
    this.trained = banks;
    this.flat = flat;
    this.weights = this.#byLayer(this.#plans, flat);
  }

  /** Gradients of the weights that are trained, made when first asked for. */
  get gradients(): Gradients {
    if (!this.#gradients) {
      const { banks, flat } = this.#companion("gradients", this.trainedPlans);
      const weights = this.#byLayer(this.trainedPlans, flat);
      this.#gradients = {
        banks,
        flat,
        weights: weights.map((own) => (Object.keys(own).length > 0 ? own : undefined)),
      };
    }
    return this.#gradients;
  }

  /** Where gradients are added up: in the same layout, zero at first, made when first asked for. */
  get sums(): Companion {
    return (this.#sums ??= this.#companion("gradientSums", this.trainedPlans));
  }

  /** The weights that are trained and add to the loss. */
  get regularized(): { weight: Tensor; regularizer: Regularizer; gradient: () => Tensor }[] {
    return this.trainedPlans.flatMap((plan, i) => {
      const { regularizer } = plan;
      if (!regularizer) return [];
      const weight = this.flat[this.#plans.indexOf(plan)];
      return [{ weight, regularizer, gradient: () => this.gradients.flat[i] }];
    });
  }

  /** Reads the gradients back, under the names of all weights: zeros for those that are not trained. */
  async readGradients(): Promise<NamedWeight[]> {
    const trained = await this.read(this.gradients.flat, this.trainedPlans);
    return this.#plans.map(
      ({ name, shape, trainable }) =>
        (trainable ? trained.shift() : undefined) ?? { name, shape, data: new Float32Array(elements(shape)) },
    );
  }

  /** What an optimizer remembers of the weights that are trained, zero at first; made when first asked for. */
  slots(rule: OptimizerRule): Record<string, Companion> {
    for (const name of optimizerSlots(rule)) {
      this.#slots[name] ??= this.#companion(name, this.trainedPlans);
    }
    return this.#slots;
  }

  /** Tables that clipping by norm reads, for each bank; of the weights that are trained alone. */
  clipTables(rule: OptimizerRule): { squares: Tensor; banks: ClipTables[] } | undefined {
    if (!clipsByNorm(rule)) return undefined;
    const trained = this.flat.filter((_, i) => this.#plans[i].trainable);
    const squares = this.arena.tensor("squares", [trained.length]);
    return { squares, banks: this.trained.map((bank) => this.#clipTablesOf(bank, trained)) };
  }

  #clipTablesOf(bank: Tensor, trained: readonly Tensor[]): ClipTables {
    const ranges = this.arena.tensor("ranges", [trained.length, 2], "u32");
    const blocks = bank.length / (alignment / 4);
    const variableOf = this.arena.tensor("variableOf", [blocks], "u32");
    const table = new Uint32Array(blocks);
    // Between parts of one variable that share the bank there may be zeros.
    const own = trained.map(({ parts }) => {
      const inBank = parts.filter(({ buffer }) => buffer === bank.buffer);
      const [first, last] = [inBank.at(0), inBank.at(-1)];
      return first && last ? [first.offset / 4, (last.offset - first.offset) / 4 + last.length] : [0, 0];
    });
    own.forEach(([first, length], i) => {
      table.fill(i, (4 * first) / alignment, Math.ceil((4 * (first + length)) / alignment));
    });
    write(this.device, variableOf, table);
    write(this.device, ranges, Uint32Array.from(own.flat()));
    return { ranges, variableOf };
  }

  /** Uploads values in Keras's order. */
  set(values: readonly Float32Array[]): void {
    values.forEach((data, i) => {
      write(this.device, this.flat[i], data);
    });
  }

  /** Reads the weights back, in Keras's order. */
  get(): Promise<Float32Array[]> {
    return read(this.device, this.flat);
  }

  /**
   * Reads gradients or slots back, under the names of the weights they belong to.
   *
   * @param plans of these weights
   */
  async read(flat: readonly Tensor[], plans: readonly WeightPlan[]): Promise<NamedWeight[]> {
    return namedWeights(plans, await read(this.device, flat));
  }

  dispose(): void {
    this.arena.dispose();
  }

  #companion(label: string, plans: readonly WeightPlan[]): Companion {
    const frozenLast = [...plans].sort((a, b) => Number(b.trainable) - Number(a.trainable));
    const declarations = frozenLast.map(({ name, shape }) => ({ label: `${label}/${name}`, shape }));
    const packed = this.arena.banks(label, declarations);
    const tensors = new Map(frozenLast.map((plan, i) => [plan, packed[i]]));
    const words = new Map<GPUBuffer, number>();
    packed.slice(0, this.trainedPlans.length).forEach(({ parts }) => {
      for (const { buffer, offset, shape } of parts) words.set(buffer, (offset + placeOf(shape)) / 4);
    });
    const banks = [...words].map(([buffer, length]) => new Tensor(label, [length], "f32", buffer, 0));
    return { banks, flat: plans.map((plan) => tensors.get(plan)!) };
  }

  /** Of each layer those of its weights that are among the plans. */
  #byLayer(plans: readonly WeightPlan[], flat: readonly Tensor[]): WeightTensors[] {
    const tensors = new Map(plans.map((plan, i) => [plan, flat[i]]));
    return this.#layers.map(({ weights }) =>
      Object.fromEntries(
        weights.flatMap((plan) => {
          const tensor = tensors.get(plan);
          return tensor ? [[plan.key, tensor] as const] : [];
        }),
      ),
    );
  }
}
