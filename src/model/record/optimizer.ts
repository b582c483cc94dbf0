import {
  gradientSquares,
  optimizer,
  reduceGroups,
  weightPenalty,
  weightPenaltyLanes,
  type OptimizerRule,
  type StepValues,
} from "../../kernels";
import type { Arena } from "../../runtime/arena";
import type { Program } from "../../runtime/program";
import type { Tensor } from "../../runtime/tensor";
import type { Parameters } from "../parameters";
import type { Regularizer } from "../regularizers";
import { dispatch, type Recording } from "./recorder";
import { addUp } from "./windows";

/** Records the optimizer's step, for each bank of the parameters a dispatch. */
export function recordOptimizer(
  program: Program<StepValues>,
  parameters: Parameters,
  rule: OptimizerRule,
  step: Tensor,
): void {
  const { trained, trainedPlans } = parameters;
  if (trained.length === 0) return;
  const gradients = parameters.gradients.banks;
  const slots = Object.entries(parameters.slots(rule));
  const tables = parameters.clipTables(rule);
  const variables = trainedPlans.length;
  tables?.banks.forEach(({ ranges }, i) => {
    const { squares } = tables;
    const tensors = { ranges, gradients: gradients[i], squares };
    dispatch({ plan: {} }, program, gradientSquares(variables, i > 0), tensors);
  });
  trained.forEach((bank, i) => {
    dispatch({ plan: { step } }, program, optimizer(rule, bank.length, variables), {
      gradients: gradients[i],
      parameters: bank,
      ...Object.fromEntries(slots.map(([name, { banks }]) => [name, banks[i]])),
      squares: tables?.squares,
      variableOf: tables?.banks[i].variableOf,
    });
  });
}

/**
 * Sums of the gradients of a batch that is taken in parts: each part but the last adds its own, the last takes the
 * sums over into its own, and leaves zeros.
 */
export function recordSums({ gradients, sums }: Parameters): { add: Recording; take: Recording } {
  return {
    add: (program) => {
      addUp(program, gradients.banks, sums.banks);
    },
    take: (program) => {
      addUp(program, sums.banks, gradients.banks);
      for (const tensor of sums.banks) program.clear(tensor);
    },
  };
}

/** What the weights add to the loss, and while training to their gradients; both are there already. */
export function recordPenalties(
  program: Program<StepValues>,
  arena: Arena,
  parameters: Parameters,
  into: { step: Tensor; metrics: Tensor },
  train: boolean,
): void {
  const add = (factors: Regularizer, weight: Tensor, own: Record<string, Tensor>, groups: number): void => {
    const options = { ...factors, length: weight.length, train: "gradient" in own, groups };
    dispatch({ plan: own }, program, weightPenalty(options), { weight });
  };
  for (const { weight, regularizer, gradient } of parameters.regularized) {
    weight.parts.forEach((part, i) => {
      const gradients: Record<string, Tensor> = train ? { gradient: gradient().parts[i] } : {};
      const groups = reduceGroups(part.length);
      if (groups === 1) return add(regularizer, part, { ...into, ...gradients }, 1);
      const sums = arena.tensor("penalties", [groups * weightPenaltyLanes]);
      add(regularizer, part, { sums, ...gradients }, groups);
      add({ l1: 1, l2: 0 }, sums, into, 1);
    });
  }
}
