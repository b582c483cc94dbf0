import { gradientSquares } from "../../src/kernels/gradient-squares";
import { clipsByNorm, optimizer, optimizerSlots, type OptimizerRule } from "../../src/kernels/optimizer";
import { adam, adamW, nadam, rmsprop, sgd, stepSizes } from "../../src/model/optimizers";
import type { Device } from "../../src/runtime/device";
import { referenceOptimizer } from "../reference/optimizer";
import { assertClose } from "../support/assert";
import type {
  AdamDescription,
  NadamDescription,
  OptimizerDescription,
  RmspropDescription,
  SgdDescription,
} from "../support/layers";
import { randomValues } from "../support/random";
import { kernelTolerance } from "../support/tolerances";
import { kernelCase, runKernel, type KernelCase, type Values } from "./harness";

const sizes = [1, 63, 64, 65, 127];
const steps = 3;

/** Variables begin at multiples of 64 elements. */
const offsets = sizes.map((_, i) =>
  sizes.slice(0, i).reduce((sum, size) => sum + Math.ceil(size / 64) * 64, 0),
);
const parameters = offsets[offsets.length - 1] + 128;
const variableOf = Uint32Array.from({ length: parameters / 64 }, (_, block) =>
  offsets.findLastIndex((offset) => offset <= block * 64),
);

function ruleOf(description: OptimizerDescription): OptimizerRule {
  const { type, ...options } = description;
  const make = { sgd, rmsprop, adam, adamw: adamW, nadam }[type];
  return make(options).rule;
}

/** The variables laid out in one buffer, zeros between them. */
function spread(variables: readonly ArrayLike<number>[]): Float32Array {
  const all = new Float32Array(parameters);
  variables.forEach((values, i) => {
    all.set(values, offsets[i]);
  });
  return all;
}

const variable = (all: Values, i: number): Values => all.subarray(offsets[i], offsets[i] + sizes[i]);

const gradientsOf = (step: number): Float32Array[] =>
  sizes.map((size, i) => randomValues(size, 100 * step + i, i === 2 ? 50 : 1));

async function takeSteps(device: Device, description: OptimizerDescription): Promise<Record<string, Values>> {
  const rule = ruleOf(description);
  const { learningRate } = description;
  let state: Record<string, Values> = {
    parameters: spread(sizes.map((size, i) => randomValues(size, i + 1))),
    ...Object.fromEntries(optimizerSlots(rule).map((slot) => [slot, new Float32Array(parameters)])),
  };
  for (let step = 1; step <= steps; step++) {
    const gradients = spread(gradientsOf(step));
    const ranges = offsets.flatMap((offset, i) => [offset, sizes[i]]);
    const squares = {
      inputs: { ranges, gradients },
      outputs: { squares: sizes.length },
    } as const;
    state = await runKernel(device, optimizer(rule, parameters, sizes.length), {
      sizes: { ...stepSizes(rule, learningRate, step), learningRate },
      inputs: {
        gradients,
        ...(clipsByNorm(rule) ? await runKernel(device, gradientSquares(sizes.length), squares) : {}),
        ...(rule.clipnorm > 0 ? { variableOf } : {}),
      },
      outputs: state,
    });
  }
  return state;
}

function optimizerCase(name: string, description: OptimizerDescription): KernelCase {
  return kernelCase(`optimizer: ${name}`, async (device) => {
    const actual = await takeSteps(device, description);
    const weights = sizes.map((size, i) => Float64Array.from(randomValues(size, i + 1)));
    const twin = referenceOptimizer(description, sizes);
    for (let step = 1; step <= steps; step++) {
      twin.step(
        weights,
        gradientsOf(step).map((gradient) => Float64Array.from(gradient)),
      );
    }
    weights.forEach((expected, i) => {
      assertClose(variable(actual.parameters, i), expected, kernelTolerance(16), `variable ${i}`);
    });
    twin.slots().forEach((expected, at) => {
      // Adam's and Nadam's slots alternate, variable by variable; all others, and AMSGrad's third, stand one after another.
      const slots = optimizerSlots(ruleOf(description));
      const adamLike = "beta1" in description && at < 2 * sizes.length;
      const slot = adamLike ? slots[at % 2] : slots[Math.floor(at / sizes.length)];
      const i = adamLike ? Math.floor(at / 2) : at % sizes.length;
      assertClose(variable(actual[slot], i), expected, kernelTolerance(16), `${slot} ${i}`);
    });
  });
}

const rms: RmspropDescription = {
  type: "rmsprop",
  learningRate: 0.01,
  rho: 0.9,
  momentum: 0,
  epsilon: 1e-7,
  centered: false,
};
const plain: SgdDescription = { type: "sgd", learningRate: 0.01, momentum: 0, nesterov: false };
const adamRule: AdamDescription = {
  type: "adam",
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-7,
  amsgrad: false,
};
const nadamRule: NadamDescription = {
  type: "nadam",
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-7,
};

export const cases: KernelCase[] = Object.entries({
  rmsprop: rms,
  "rmsprop, momentum": { ...rms, momentum: 0.7 },
  "rmsprop, centered": { ...rms, centered: true },
  "rmsprop, centered, momentum, clipnorm": { ...rms, centered: true, momentum: 0.7, clipnorm: 0.5 },
  "rmsprop, weight decay": { ...rms, weightDecay: 0.3 },
  sgd: plain,
  "sgd, momentum": { ...plain, momentum: 0.9 },
  "sgd, nesterov": { ...plain, momentum: 0.9, nesterov: true },
  "sgd, clipvalue": { ...plain, clipvalue: 0.1 },
  "sgd, clipnorm": { ...plain, clipnorm: 2 },
  "sgd, globalClipnorm": { ...plain, globalClipnorm: 3 },
  "sgd, weight decay, momentum": { ...plain, weightDecay: 0.3, momentum: 0.5 },
  adam: adamRule,
  "adam, amsgrad": { ...adamRule, amsgrad: true },
  "adam, globalClipnorm": { ...adamRule, globalClipnorm: 3 },
  adamW: { ...adamRule, type: "adamw" as const, weightDecay: 0.2 },
  nadam: nadamRule,
  "nadam, large epsilon, other betas": { ...nadamRule, beta1: 0.5, beta2: 0.75, epsilon: 0.1 },
  "nadam, weight decay, clipnorm": { ...nadamRule, weightDecay: 0.2, clipnorm: 0.5 },
}).map(([name, description]) => optimizerCase(name, description));
