import { Arena, alignment, read, write } from "../runtime/arena";
import type { Device } from "../runtime/device";
import { elements, Tensor } from "../runtime/tensor";
import type { LayerPlan } from "./architecture";
import type { NamedWeight } from "./weights";
import { clipsByNorm, optimizerSlots, type OptimizerRule } from "../kernels/optimizer";

/** A layer's weights, or their gradients, by the names they have in the layer: `kernel`, `bias`, … */
export type WeightTensors = Record<string, Tensor>;

/** The parameters of a model on a device: one buffer, and one of the same layout for each companion. */
export class Parameters {
  readonly arena: Arena;
  /** All parameters as one tensor, padding between weights included. */
  readonly all: Tensor;
  /** Per layer. */
  readonly weights: WeightTensors[];
  readonly #flat: Tensor[];
  readonly #layers: readonly LayerPlan[];
  #training: { gradients: Tensor; flat: Tensor[]; weights: WeightTensors[] } | undefined;
  #slots: Record<string, { all: Tensor; flat: Tensor[] }> = {};

  constructor(
    readonly device: Device,
    layers: readonly LayerPlan[],
  ) {
    this.arena = new Arena(device, "model");
    this.#layers = layers;
    const { all, flat } = this.#companion("parameters");
    this.all = all;
    this.#flat = flat;
    this.weights = this.#byLayer(flat);
  }

  /** The weights in Keras's order. */
  get flat(): readonly Tensor[] {
    return this.#flat;
  }

  /** Gradients, made when first asked for. */
  get gradients(): { gradients: Tensor; flat: Tensor[]; weights: WeightTensors[] } {
    if (!this.#training) {
      const { all, flat } = this.#companion("gradients");
      this.#training = { gradients: all, flat, weights: this.#byLayer(flat) };
    }
    return this.#training;
  }

  /** What an optimizer remembers, zero at first; made when first asked for. */
  slots(rule: OptimizerRule): Record<string, { all: Tensor; flat: Tensor[] }> {
    for (const name of optimizerSlots(rule)) this.#slots[name] ??= this.#companion(name);
    return this.#slots;
  }

  /** Tables that clipping by norm reads. */
  clipTables(rule: OptimizerRule): { ranges: Tensor; squares: Tensor; variableOf: Tensor } | undefined {
    if (!clipsByNorm(rule)) return undefined;
    const ranges = this.arena.tensor("ranges", [this.#flat.length, 2], "u32");
    const squares = this.arena.tensor("squares", [this.#flat.length]);
    const blocks = this.all.length / (alignment / 4);
    const variableOf = this.arena.tensor("variableOf", [blocks], "u32");
    const table = new Uint32Array(blocks);
    this.#flat.forEach((tensor, i) => {
      table.fill(i, tensor.offset / alignment, Math.ceil((tensor.offset + tensor.bytes) / alignment));
    });
    write(this.device, variableOf, table);
    write(this.device, ranges, Uint32Array.from(this.#flat.flatMap((t) => [t.offset / 4, t.length])));
    return { ranges, squares, variableOf };
  }

  /** Uploads values in Keras's order. */
  set(values: readonly Float32Array[]): void {
    values.forEach((data, i) => {
      write(this.device, this.#flat[i], data);
    });
  }

  /** Reads the weights back, in Keras's order. */
  get(): Promise<Float32Array[]> {
    return read(this.device, this.#flat);
  }

  /** Reads gradients or slots back, under the names of the weights they belong to. */
  async read(flat: readonly Tensor[]): Promise<NamedWeight[]> {
    const values = await read(this.device, flat);
    const plans = this.#layers.flatMap(({ weights }) => weights);
    return plans.map(({ name, shape }, i) => ({ name, shape, data: values[i] }));
  }

  dispose(): void {
    this.arena.dispose();
  }

  #companion(label: string): { all: Tensor; flat: Tensor[] } {
    const declarations = this.#layers.flatMap(({ weights }) =>
      weights.map(({ name, shape }) => ({ label: `${label}/${name}`, shape })),
    );
    const flat = this.arena.pack(label, declarations);
    const words = flat.reduce(
      (sum, { shape }) => sum + (Math.ceil(Math.max(1, elements(shape) * 4) / alignment) * alignment) / 4,
      0,
    );
    return { all: new Tensor(label, [words], "f32", flat[0].buffer, 0), flat };
  }

  #byLayer(flat: readonly Tensor[]): WeightTensors[] {
    let next = 0;
    return this.#layers.map(({ weights }) =>
      Object.fromEntries(weights.map(({ key }) => [key, flat[next++]])),
    );
  }
}
