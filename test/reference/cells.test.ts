import { describe, test } from "vitest";
import { assertClose } from "../support/assert";
import { randomIntegers, randomTokens } from "../support/random";
import { activate } from "./activation";
import { assertGradient, dot, doubles } from "./central-differences";
import { projectForward } from "./projection";
import { gatesOf, scanBackward, scanStates } from "./scan";
import type { ScanShape } from "./scan";

type CellChoice = Pick<ScanShape, "cell" | "activation" | "recurrentActivation" | "resetAfter">;

const cells: Record<string, CellChoice> = {
  simpleRNN: { cell: "simpleRNN", activation: "tanh" },
  lstm: { cell: "lstm", activation: "tanh" },
  "lstm, other activations": { cell: "lstm", activation: "softsign", recurrentActivation: "softplus" },
  "gru, reset after": { cell: "gru", activation: "tanh", resetAfter: true },
  "gru, reset before": { cell: "gru", activation: "tanh", resetAfter: false },
  "gru, other activations": { cell: "gru", activation: "elu", recurrentActivation: "softsign" },
};

const [batch, steps, units] = [5, 4, 3];

describe("cells of the float64 twin against central differences", () => {
  const mask = randomTokens({ batch, steps, vocabulary: 7 }, 5, "mixed");
  const kept = (size: number): Float64Array =>
    Float64Array.from(randomIntegers(size, 9, 0, 2), (keep) => 2 * keep);
  for (const [name, cell] of Object.entries(cells)) {
    const gates = gatesOf[cell.cell ?? "simpleRNN"];
    const runs: Record<string, Partial<ScanShape>> = {
      plain: {},
      backwards: { goBackwards: true },
      masked: { mask },
      "masked, backwards": { mask, goBackwards: true },
      "recurrent dropout": { recurrentDropout: kept(batch * units) },
      "recurrent dropout by gate": { recurrentDropout: kept(batch * gates * units) },
    };
    for (const [options, run] of Object.entries(runs)) {
      test(`${name}: ${options}`, () => {
        checkScan({ batch, steps, units, ...cell, ...run });
      });
    }
  }
});

/** All gradients, for derivatives that arrive at every h and at the last c. */
function checkScan(shape: ScanShape): void {
  const width = gatesOf[shape.cell ?? "simpleRNN"] * units;
  const at = {
    z: doubles(batch * steps * width, 1),
    kernel: doubles(units * width, 2),
    recurrentBias: doubles(width, 3),
    initialState: doubles(batch * units, 4),
    initialMemory: doubles(batch * units, 5),
  };
  const dStates = doubles(batch * steps * units, 6);
  const dLastMemory = shape.cell === "lstm" ? doubles(batch * units, 7) : new Float64Array(batch * units);
  const run = ({ z, kernel, ...rest }: typeof at) => scanStates(z, kernel, { ...shape, ...rest });
  const loss = (values: typeof at): number => {
    const { states, memory } = run(values);
    const last = memory.filter((_, i) => Math.floor(i / units) % steps === steps - 1);
    return dot(states, dStates) + dot(last, dLastMemory);
  };
  const result = scanBackward(dStates, run(at), at.kernel, { ...shape, ...at }, dLastMemory);
  const gradients: typeof at = {
    z: result.dZ,
    kernel: result.dRecurrentKernel,
    recurrentBias: result.dRecurrentBias,
    initialState: result.dInitialState,
    initialMemory: result.dInitialMemory,
  };
  for (const name of Object.keys(at) as (keyof typeof at)[]) {
    assertGradient(gradients[name], (x) => loss({ ...at, [name]: x }), at[name], name);
  }
}

/** One unit, one step: the formulas as the literature has them. */
describe("cells of the float64 twin, one step by hand", () => {
  const [h0, c0, dropped] = [0.3, -0.8, 2];
  const z = [0.5, -0.25, 0.75, 1.1];
  const kernel = [0.6, -0.4, 0.9, 0.2];
  const bias = [0.1, 0.2, -0.3, 0.4];
  const step = (cell: CellChoice, options: Partial<ScanShape>) =>
    scanStates(
      z.slice(0, gatesOf[cell.cell ?? "simpleRNN"]),
      kernel.slice(0, gatesOf[cell.cell ?? "simpleRNN"]),
      {
        batch: 1,
        steps: 1,
        units: 1,
        initialState: [h0],
        initialMemory: [c0],
        ...cell,
        ...options,
      },
    );
  const s = (x: number): number => activate("sigmoid", x);

  test("simpleRNN, half of the state dropped", () => {
    const { states } = step(cells.simpleRNN, { recurrentDropout: [dropped] });
    assertClose(states, [Math.tanh(0.5 + 2 * 0.3 * 0.6)], 1e-15, "h");
  });

  test("lstm: i, f, c, o", () => {
    const { states, memory } = step(cells.lstm, {});
    const c = s(-0.25 - 0.3 * 0.4) * c0 + s(0.5 + 0.3 * 0.6) * Math.tanh(0.75 + 0.3 * 0.9);
    assertClose(memory, [c], 1e-15, "c");
    assertClose(states, [s(1.1 + 0.3 * 0.2) * Math.tanh(c)], 1e-15, "h");
  });

  test("gru: what is dropped does not reach z ⊙ h", () => {
    for (const resetAfter of [true, false]) {
      const options = {
        resetAfter,
        recurrentDropout: [1, 0, dropped],
        recurrentBias: resetAfter ? bias : [0, 0, 0],
      };
      const [bz, br, bh] = resetAfter ? bias : [0, 0, 0];
      const update = s(0.5 + 0.3 * 0.6 + bz);
      const reset = s(-0.25 + br);
      const candidate = Math.tanh(0.75 + reset * (2 * 0.3 * 0.9 + bh));
      const { states } = step(cells["gru, reset after"], options);
      assertClose(
        states,
        [update * h0 + (1 - update) * candidate],
        1e-15,
        `reset after: ${String(resetAfter)}`,
      );
    }
  });

  test("a masked step changes nothing", () => {
    const { states, memory } = step(cells.lstm, { mask: [0] });
    assertClose([...states, ...memory], [h0, c0], 1e-15, "h and c");
  });

  test("each sample has drop factors of its own, in one and by gate", () => {
    const shape: ScanShape = { batch: 2, steps: 3, units: 2, ...cells["gru, reset after"] };
    const [z, kernel] = [doubles(2 * 3 * 6, 1), doubles(2 * 6, 2)];
    for (const factors of [doubles(2 * 2, 3), doubles(2 * 3 * 2, 3)]) {
      const alone = [0, 1].flatMap((b) => {
        const own = (values: Float64Array): Float64Array =>
          values.subarray((b * values.length) / 2, ((b + 1) * values.length) / 2);
        return [...scanStates(own(z), kernel, { ...shape, batch: 1, recurrentDropout: own(factors) }).states];
      });
      const { states } = scanStates(z, kernel, { ...shape, recurrentDropout: factors });
      assertClose(states, alone, 1e-15, "states");
    }
  });

  test("the input's drop factors: by sample, and by gate", () => {
    const shape = { batch: 2, steps: 1, inputs: 1, gates: 2, units: 1 };
    const project = (drop: number[]): Float64Array =>
      projectForward([3, 10], [5, 7], [0.5, 0.25], { ...shape, drop });
    assertClose(project([2, 0]), [30.5, 42.25, 0.5, 0.25], 1e-15, "one factor for both gates");
    assertClose(project([2, 0, 0, 1]), [30.5, 0.25, 0.5, 70.25], 1e-15, "by gate");
  });
});
