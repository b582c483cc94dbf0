import { ReferenceModel } from "../test/reference/model";
import type { LayerDescription } from "../test/support/layers";
import { rmspropSettings, rowsOf, withSteps, type Cell, type Job } from "./job";
import { largestDifference } from "./statistics";

/** Training steps over which the engines are compared. */
export const comparedSteps = 3;

/** What an engine computed, to be compared with what others did. */
export interface Evidence {
  /** Probabilities of the first batch under the job's weights. */
  before: number[];
  /** Losses of the first training steps, each before its update; empty where the engine cannot train. */
  losses: number[];
  /** Probabilities of the first batch after those steps; empty where the engine cannot train. */
  after: number[];
}

/**
 * How far an engine may lie from the float64 twin. In float32, PyTorch's own logits of this job lie within
 * 4e-7 and its losses within 6e-5 relative after ten steps; ten times that leaves room for other tanhs and
 * other orders of summation, and none for another formula, default or optimizer.
 */
export const tolerances = { probabilities: 1e-5, loss: 6e-4, trained: 1e-3 } as const;

/** Largest absolute differences from the float64 twin. */
export interface Agreement {
  agrees: boolean;
  probabilities: number;
  /** Missing where the engine cannot train. */
  losses?: number;
  /** Of the probabilities after the compared steps. */
  trained?: number;
}

const recurrent = {
  simpleRnn: { type: "simpleRNN" },
  lstm: { type: "lstm", recurrentActivation: "sigmoid" },
  gru: { type: "gru", recurrentActivation: "sigmoid", resetAfter: true },
} as const satisfies Record<Cell, object>;

/** What the float64 twin computes. */
export function referenceEvidence(whole: Job, steps: number): Evidence {
  const job = withSteps(whole, steps);
  const layers: LayerDescription[] = [
    { type: "embedding", name: "embedding", inputDim: job.vocabulary, outputDim: job.width, maskZero: false },
    {
      ...recurrent[job.cell],
      name: "recurrent",
      units: job.units,
      activation: "tanh",
      useBias: true,
      returnSequences: false,
      goBackwards: false,
    },
    { type: "dense", name: "dense", units: 1, activation: "sigmoid", useBias: true },
  ];
  const model = new ReferenceModel(layers, job.weights, {
    optimizer: { type: "rmsprop", ...rmspropSettings, centered: false },
    loss: { name: "binaryCrossentropy", fromLogits: false },
  });
  const batch = (index: number) => {
    const { x, y } = rowsOf(job, (index % job.batches) * job.batchSize, job.batchSize);
    return { tokens: x.data, rows: job.batchSize, labels: y };
  };
  const probabilities = (): number[] => Array.from(model.predict(batch(0).tokens, job.batchSize));
  const before = probabilities();
  const losses = Array.from({ length: comparedSteps }, (_, i) => model.trainOnBatch(batch(i)).loss);
  return { before, losses, after: probabilities() };
}

/** Compares an engine with the float64 twin; what it cannot do is not held against it. */
export function compare(evidence: Evidence, reference: Evidence): Agreement {
  const probabilities = largestDifference(evidence.before, reference.before);
  if (evidence.losses.length === 0) {
    return { agrees: probabilities <= tolerances.probabilities, probabilities };
  }
  const losses = largestDifference(evidence.losses, reference.losses);
  const trained = largestDifference(evidence.after, reference.after);
  const agrees =
    probabilities <= tolerances.probabilities && losses <= tolerances.loss && trained <= tolerances.trained;
  return { agrees, probabilities, losses, trained };
}
