/** Every kernel case, by the module it stands in. */
import { cases as activate } from "./activate.cases";
import { cases as activationGradient } from "./activation-gradient.cases";
import { cases as addGradients } from "./add-gradients.cases";
import { cases as carryState } from "./carry-state.cases";
import { cases as denseSigmoidLoss } from "./dense-sigmoid-loss.cases";
import { cases as dropout } from "./dropout.cases";
import { cases as embedProject } from "./embed-project.cases";
import { cases as embeddingGather } from "./embedding-gather.cases";
import { cases as embeddingGradient } from "./embedding-gradient.cases";
import { cases as globalPooling1d } from "./global-pooling1d.cases";
import { cases as gradientSquares } from "./gradient-squares.cases";
import { cases as linear } from "./linear.cases";
import { cases as loss } from "./loss.cases";
import { cases as maskWeights } from "./mask-weights.cases";
import { cases as masking } from "./masking.cases";
import { cases as maxPooling1d } from "./max-pooling1d.cases";
import { cases as mergeDirections } from "./merge-directions.cases";
import { cases as moveRows } from "./move-rows.cases";
import { cases as optimizer } from "./optimizer.cases";
import { cases as reverseRows } from "./reverse-rows.cases";
import { cases as scan } from "./scan.cases";
import { cases as softmax } from "./softmax.cases";
import { cases as sumByToken } from "./sum-by-token.cases";
import { cases as sumMetrics } from "./sum-metrics.cases";
import { cases as sumPartials } from "./sum-partials.cases";
import { cases as weightGradient } from "./weight-gradient.cases";
import { cases as weightPenalty } from "./weight-penalty.cases";
import { cases as windowRows } from "./window-rows.cases";
import type { KernelCase } from "./harness";

export const kernelCases: readonly KernelCase[] = [
  activate,
  activationGradient,
  addGradients,
  carryState,
  denseSigmoidLoss,
  dropout,
  embedProject,
  embeddingGather,
  embeddingGradient,
  globalPooling1d,
  gradientSquares,
  linear,
  loss,
  maskWeights,
  masking,
  maxPooling1d,
  mergeDirections,
  moveRows,
  optimizer,
  reverseRows,
  scan,
  softmax,
  sumByToken,
  sumMetrics,
  sumPartials,
  weightGradient,
  weightPenalty,
  windowRows,
].flat();
