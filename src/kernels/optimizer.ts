import { reads, writes } from "../runtime/kernel";
import { wgsl } from "../runtime/wgsl";
import { elementKernel, type SizedKernel } from "./shared/frame";
import { f32 } from "./shared/loss";

/** An optimizer's rule with its constants; defaults and meaning are Keras's. */
export type OptimizerRule = (
  | { kind: "sgd"; momentum: number; nesterov: boolean }
  | { kind: "rmsprop"; rho: number; momentum: number; epsilon: number; centered: boolean }
  | { kind: "adam"; beta1: number; beta2: number; epsilon: number; amsgrad: boolean }
  | { kind: "nadam"; beta1: number; beta2: number; epsilon: number }
) & {
  /** Decoupled weight decay; 0 for none. */
  weightDecay: number;
  /** At most one of the three acts: the norm of each variable, of all together, or each element. */
  clipnorm: number;
  globalClipnorm: number;
  clipvalue: number;
};

/** Names of what the rule remembers for every parameter, in Keras's order. */
export function optimizerSlots(rule: OptimizerRule): string[] {
  switch (rule.kind) {
    case "sgd":
      return rule.momentum > 0 ? ["momentum"] : [];
    case "rmsprop":
      return [
        "velocity",
        ...(rule.momentum > 0 ? ["momentum"] : []),
        ...(rule.centered ? ["average_gradient"] : []),
      ];
    case "adam":
      return ["momentum", "velocity", ...(rule.amsgrad ? ["velocity_hat"] : [])];
    case "nadam":
      return ["momentum", "velocity"];
  }
}

/** Whether the rule needs the gradients' norms first. */
export const clipsByNorm = (rule: OptimizerRule): boolean => rule.clipnorm > 0 || rule.globalClipnorm > 0;

/** WGSL: g ← clipped g, w ← decayed w, then the rule's step. */
function update(rule: OptimizerRule): string {
  switch (rule.kind) {
    case "sgd": {
      if (rule.momentum === 0) return "w -= step.rate * g;";
      const moved = `let m = ${f32(rule.momentum)} * momentum[id] - step.rate * g;\n  momentum[id] = m;`;
      return rule.nesterov
        ? `${moved}\n  w += ${f32(rule.momentum)} * m - step.rate * g;`
        : `${moved}\n  w += m;`;
    }
    case "rmsprop": {
      const { rho, momentum, epsilon, centered } = rule;
      return `
  let v = ${f32(rho)} * velocity[id] + ${f32(1 - rho)} * g * g;
  velocity[id] = v;
  ${
    centered
      ? `let average = ${f32(rho)} * average_gradient[id] + ${f32(1 - rho)} * g;
  average_gradient[id] = average;
  let denominator = v - average * average + ${f32(epsilon)};`
      : `let denominator = v + ${f32(epsilon)};`
  }
  let increment = step.rate * g / sqrt(denominator);
  ${
    momentum > 0
      ? `let m = ${f32(momentum)} * momentum[id] + increment;
  momentum[id] = m;
  w -= m;`
      : "w -= increment;"
  }`;
    }
    case "adam":
      return `${runningMeans(rule)}
  ${rule.amsgrad ? "v = max(velocity_hat[id], v);\n  velocity_hat[id] = v;" : ""}
  w -= step.rate * m / (sqrt(v) + ${f32(rule.epsilon)});`;
    case "nadam":
      return `${runningMeans(rule)}
  w -= (step.rate * m + step.gradientRate * g) / (sqrt(v) + step.epsilon);`;
  }
}

/** WGSL: m and v, the running means of g and g². */
function runningMeans({ beta1, beta2 }: { beta1: number; beta2: number }): string {
  return `
  let m = momentum[id] + (g - momentum[id]) * ${f32(1 - beta1)};
  momentum[id] = m;
  var v = velocity[id] + (g * g - velocity[id]) * ${f32(1 - beta2)};
  velocity[id] = v;`;
}

/** WGSL: clipping, in Keras's order of precedence. */
function clip(rule: OptimizerRule, variables: number): string {
  if (rule.clipnorm > 0) {
    const limit = f32(rule.clipnorm);
    return `g *= ${limit} / max(sqrt(squares[variableOf[id / 64u]]), ${limit});`;
  }
  if (rule.globalClipnorm > 0) {
    const limit = f32(rule.globalClipnorm);
    return `
  var total = 0.0;
  for (var i = 0u; i < ${variables}u; i++) { total += squares[i]; }
  g *= ${limit} / max(sqrt(total), ${limit});`;
  }
  if (rule.clipvalue > 0) return `g = clamp(g, -${f32(rule.clipvalue)}, ${f32(rule.clipvalue)});`;
  return "";
}

/**
 * One step of the optimizer over all parameters that are trained, at once. They lie in one buffer, before those
 * of frozen layers; gradients and whatever the rule remembers lie in buffers of the same layout.
 *
 *     rmsprop:  v ← ρv + (1-ρ)g²;  w ← w - rate·g / sqrt(v + ε)         (Keras: ε inside the root)
 *     sgd:      m ← momentum·m - rate·g;  w ← w + m
 *     adam:     m ← m + (1-β₁)(g - m);  v ← v + (1-β₂)(g² - v);  w ← w - rate·m / (sqrt(v) + ε)
 *     nadam:    m, v as adam;  w ← w - (rate·m + gradientRate·g) / (sqrt(v) + epsilon)
 *
 *     parameters  [P]           in and out
 *     gradients   [P]
 *     velocity, momentum, …     [P]  in and out, as the rule needs them
 *     squares     [variables]   squared norms, where it clips by norm
 *     variableOf  [P / 64]      the variable to which a block of 64 elements belongs
 *
 * `step.rate` is the step size, with Adam's and Nadam's corrections for the bias of early steps, as are
 * `step.gradientRate` and `step.epsilon`. An invocation per parameter.
 */
export function optimizer(rule: OptimizerRule, parameters: number, variables: number): SizedKernel {
  const slots = optimizerSlots(rule);
  return elementKernel({
    name: "optimizer",
    constants: { ...rule, parameters, variables },
    rows: parameters,
    bindings: {
      gradients: reads(),
      parameters: writes(),
      ...Object.fromEntries(slots.map((slot) => [slot, writes()])),
      squares: reads(),
      variableOf: reads("array<u32>"),
    },
    main: wgsl`
  var g = gradients[id];
  var w = parameters[id];
  ${clip(rule, variables)}
  #if ${rule.weightDecay > 0}
  w -= w * ${f32(rule.weightDecay)} * step.learningRate;
  #endif
  ${update(rule)}
  parameters[id] = w;`,
  });
}
