import type {
  AdamDescription,
  NadamDescription,
  OptimizerDescription,
  RmspropDescription,
  SgdDescription,
} from "../support/layers";

/**
 * Keras's optimizers in float64. The order within a step is Keras's: clip by norm, else by global
 * norm, else by value; decay the weights; then the rule.
 */
export interface ReferenceOptimizer {
  /** May be set between steps. */
  learningRate: number;
  /** Updates the weights in place. */
  step(weights: readonly Float64Array[], gradients: readonly Float64Array[]): void;
  /** The slots in Keras's order, without iteration and learning rate. */
  slots(): Float64Array[];
}

type Rule = (weights: Float64Array, gradient: Float64Array, index: number, learningRate: number) => void;

/**
 * @param description which optimizer, with all its options
 * @param sizes element counts of the weights, in order
 */
export function referenceOptimizer(
  description: OptimizerDescription,
  sizes: readonly number[],
): ReferenceOptimizer {
  let iteration = 0;
  const { rule, slots } = makeRule(description, sizes, () => iteration);
  return {
    learningRate: description.learningRate,
    slots: () => slots,
    step(weights, gradients) {
      iteration++;
      const clipped = clipGradients(gradients, description);
      const decay = this.learningRate * (description.weightDecay ?? 0);
      for (const weight of weights) {
        for (let i = 0; i < weight.length; i++) weight[i] -= decay * weight[i];
      }
      weights.forEach((weight, index) => {
        rule(weight, clipped[index], index, this.learningRate);
      });
    },
  };
}

/** Clips by norm per variable, else by the norm over all variables, else element by element. */
export function clipGradients(
  gradients: readonly Float64Array[],
  { clipnorm, globalClipnorm, clipvalue }: OptimizerDescription,
): Float64Array[] {
  if (clipnorm !== undefined) {
    return gradients.map((gradient) => scaled(gradient, clipnorm / Math.max(norm([gradient]), clipnorm)));
  }
  if (globalClipnorm !== undefined) {
    const factor = globalClipnorm / Math.max(norm(gradients), globalClipnorm);
    return gradients.map((gradient) => scaled(gradient, factor));
  }
  if (clipvalue !== undefined) {
    return gradients.map((gradient) => gradient.map((g) => Math.min(clipvalue, Math.max(-clipvalue, g))));
  }
  return [...gradients];
}

function makeRule(
  description: OptimizerDescription,
  sizes: readonly number[],
  iteration: () => number,
): { rule: Rule; slots: Float64Array[] } {
  const zeros = (): Float64Array[] => sizes.map((size) => new Float64Array(size));
  switch (description.type) {
    case "rmsprop":
      return rmspropRule(description, zeros);
    case "sgd":
      return sgdRule(description, zeros);
    case "nadam":
      return nadamRule(description, zeros, iteration);
    default:
      return adamRule(description, zeros, iteration);
  }
}

/** v = ρ·v + (1-ρ)·g²; w -= lr·g / sqrt(v [- a²] + ε), a the mean gradient; through m with momentum. */
function rmspropRule(
  { rho, momentum, epsilon, centered }: RmspropDescription,
  zeros: () => Float64Array[],
): { rule: Rule; slots: Float64Array[] } {
  const [velocities, momenta, averages] = [zeros(), zeros(), zeros()];
  const rule: Rule = (weights, gradient, index, learningRate) => {
    const [velocity, momentumSlot, average] = [velocities[index], momenta[index], averages[index]];
    for (let i = 0; i < weights.length; i++) {
      const g = gradient[i];
      velocity[i] = rho * velocity[i] + (1 - rho) * g * g;
      average[i] = rho * average[i] + (1 - rho) * g;
      const variance = centered ? velocity[i] - average[i] * average[i] : velocity[i];
      const increment = (learningRate * g) / Math.sqrt(variance + epsilon);
      momentumSlot[i] = momentum * momentumSlot[i] + increment;
      weights[i] -= momentum > 0 ? momentumSlot[i] : increment;
    }
  };
  return { rule, slots: [...velocities, ...(momentum > 0 ? momenta : []), ...(centered ? averages : [])] };
}

/** m = μ·m - lr·g; w += m, or w += μ·m - lr·g after Nesterov. */
function sgdRule(
  { momentum, nesterov }: SgdDescription,
  zeros: () => Float64Array[],
): { rule: Rule; slots: Float64Array[] } {
  const momenta = zeros();
  const rule: Rule = (weights, gradient, index, learningRate) => {
    const slot = momenta[index];
    for (let i = 0; i < weights.length; i++) {
      slot[i] = momentum * slot[i] - learningRate * gradient[i];
      weights[i] += nesterov ? momentum * slot[i] - learningRate * gradient[i] : slot[i];
    }
  };
  return { rule, slots: momentum > 0 ? momenta : [] };
}

/** m, v running means of g, g²; w -= lr·sqrt(1-β2ᵗ)/(1-β1ᵗ) · m / (sqrt(v) + ε); v its largest with amsgrad. */
function adamRule(
  { beta1, beta2, epsilon, amsgrad }: AdamDescription,
  zeros: () => Float64Array[],
  iteration: () => number,
): { rule: Rule; slots: Float64Array[] } {
  const [momenta, velocities, largest] = [zeros(), zeros(), zeros()];
  const rule: Rule = (weights, gradient, index, learningRate) => {
    const [m, v, vMax] = [momenta[index], velocities[index], largest[index]];
    const rate = (learningRate * Math.sqrt(1 - beta2 ** iteration())) / (1 - beta1 ** iteration());
    for (let i = 0; i < weights.length; i++) {
      m[i] += (gradient[i] - m[i]) * (1 - beta1);
      v[i] += (gradient[i] * gradient[i] - v[i]) * (1 - beta2);
      vMax[i] = Math.max(vMax[i], v[i]);
      weights[i] -= (rate * m[i]) / (Math.sqrt(amsgrad ? vMax[i] : v[i]) + epsilon);
    }
  };
  const interleaved = momenta.flatMap((slot, index) => [slot, velocities[index]]);
  return { rule, slots: [...interleaved, ...(amsgrad ? largest : [])] };
}

/**
 * Nesterov's momentum in Adam (Dozat 2015), as Keras 3 has it: with u_t = β1·(1 - 0.96ᵗ/2) and Π_t = u_1·…·u_t,
 * m, v running means of g, g²;
 * w -= lr·(u_{t+1}·m / (1 - Π_{t+1}) + (1 - u_t)·g / (1 - Π_t)) / (sqrt(v / (1 - β2ᵗ)) + ε).
 */
function nadamRule(
  { beta1, beta2, epsilon }: NadamDescription,
  zeros: () => Float64Array[],
  iteration: () => number,
): { rule: Rule; slots: Float64Array[] } {
  const [momenta, velocities] = [zeros(), zeros()];
  const u = (t: number): number => beta1 * (1 - 0.5 * 0.96 ** t);
  const productTo = (t: number): number => (t === 0 ? 1 : productTo(t - 1) * u(t));
  const rule: Rule = (weights, gradient, index, learningRate) => {
    const [m, v, t] = [momenta[index], velocities[index], iteration()];
    const [ofMean, ofGradient] = [u(t + 1) / (1 - productTo(t + 1)), (1 - u(t)) / (1 - productTo(t))];
    for (let i = 0; i < weights.length; i++) {
      m[i] += (gradient[i] - m[i]) * (1 - beta1);
      v[i] += (gradient[i] * gradient[i] - v[i]) * (1 - beta2);
      const mean = ofMean * m[i] + ofGradient * gradient[i];
      weights[i] -= (learningRate * mean) / (Math.sqrt(v[i] / (1 - beta2 ** t)) + epsilon);
    }
  };
  return { rule, slots: momenta.flatMap((slot, index) => [slot, velocities[index]]) };
}

function norm(arrays: readonly Float64Array[]): number {
  let squares = 0;
  for (const array of arrays) for (const value of array) squares += value * value;
  return Math.sqrt(squares);
}

function scaled(values: Float64Array, factor: number): Float64Array {
  return values.map((value) => value * factor);
}
