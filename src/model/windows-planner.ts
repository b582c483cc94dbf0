import type { StepValues } from "../kernels";
import type { TensorDeclaration } from "../runtime/tensor";
import type { BatchCapacity, BatchLayout } from "./batch-layout";
import { BatchPlanner, planTensors, planWords } from "./batch-plan";
import type { Planner, Rates } from "./planner";
import { outputsOf, type Targets } from "./targets";
import type { TokenData } from "./token-data";
import { cutWindows, type Window } from "./windows";

/** Lays out one sample after another, each in windows of time: a plan for every window. */
export class WindowsPlanner implements Planner {
  readonly block: Uint32Array;
  readonly sorted = new Uint32Array(1);
  readonly layout: BatchLayout;
  readonly #planners: readonly BatchPlanner[];
  /** Of the data, and of each further stage. */
  readonly #stages: readonly (readonly Window[])[];
  readonly #tokens: Uint32Array;

  /** @param steps of every row of the data */
  constructor(
    readonly capacity: BatchCapacity,
    layout: BatchLayout,
    vocabulary: number,
    steps: number,
  ) {
    const { windows: count } = capacity;
    this.layout = { ...layout, sharePrefix: false, ownTokens: true };
    const words = planWords(capacity, this.layout);
    this.block = new Uint32Array(count * words);
    this.#tokens = new Uint32Array(steps);
    const stages = [steps, ...layout.stages.slice(1)];
    this.#stages = stages.map((all) => cutWindows(all, count));
    this.#planners = this.#stages[0].map((_, i) => {
      const own = { ...this.layout, stages: layout.stages.map((_, stage) => this.#stages[stage][i].steps) };
      return new BatchPlanner(capacity, own, vocabulary, this.block.subarray(i * words, (i + 1) * words));
    });
  }

  get tensors(): TensorDeclaration[] {
    return this.#planners.flatMap(() => planTensors(this.capacity, this.layout));
  }

  plan(
    data: TokenData,
    targets: Targets | undefined,
    [row]: Uint32Array,
    grouped: boolean,
    { before = 0, metric, ...rates }: Rates,
  ): { sizes: StepValues; words: number } {
    const { layout } = this;
    const { sequences, labelWidth } = layout;
    const { steps } = data;
    this.sorted[0] = row;
    const stored = data.tokens.subarray(data.starts[row], data.starts[row + 1]);
    this.#tokens.fill(0);
    this.#tokens.set(stored, steps - stored.length);
    const outputs = outputsOf(data, layout);
    const inWindows = this.#planners.map((planner, i) => {
      const stages = this.#stages.map((windows) => windows[i]);
      const own = sequences ? stages.at(-1)! : { first: 0, steps: 1 };
      const tokens = this.#tokens.subarray(stages[0].first, stages[0].first + stages[0].steps);
      const starts = Uint32Array.of(0, tokens.length);
      const first = row * outputs + own.first;
      const ownTargets = targets && {
        labels: targets.labels.subarray(first * labelWidth, (first + own.steps) * labelWidth),
        sampleWeights: targets.sampleWeights?.subarray(row, row + 1),
      };
      const { sizes } = planner.plan(
        { rows: 1, steps: tokens.length, tokens, starts },
        ownTargets,
        Uint32Array.of(0),
        grouped,
        {
          ...rates,
          before,
          metric: sequences ? metric + i : metric,
          window: {
            windows: this.capacity.windows - i,
            earlier: stages.map(({ first }, stage) => before * (layout.stages[stage] ?? steps) + first),
          },
        },
      );
      return sizes;
    });
    return { sizes: { ...inWindows.at(-1)!, inWindows }, words: this.block.length };
  }
}
