interface ExponentialDecay {
  className: "ExponentialDecay";
  initialLearningRate: number;
  decaySteps: number;
  decayRate: number;
  staircase: boolean;
}

interface PiecewiseConstantDecay {
  className: "PiecewiseConstantDecay";
  boundaries: readonly number[];
  values: readonly number[];
}

interface PolynomialDecay {
  className: "PolynomialDecay";
  initialLearningRate: number;
  decaySteps: number;
  endLearningRate: number;
  power: number;
  cycle: boolean;
}

interface InverseTimeDecay {
  className: "InverseTimeDecay";
  initialLearningRate: number;
  decaySteps: number;
  decayRate: number;
  staircase: boolean;
}

interface CosineDecay {
  className: "CosineDecay";
  initialLearningRate: number;
  decaySteps: number;
  alpha: number;
  /** `null` for none. */
  warmupTarget: number | null;
  warmupSteps: number;
}

interface CosineDecayRestarts {
  className: "CosineDecayRestarts";
  initialLearningRate: number;
  firstDecaySteps: number;
  tMul: number;
  mMul: number;
  alpha: number;
}

/** A learning rate that follows from the number of optimizer steps done; plain data. */
export type LearningRateSchedule =
  | ExponentialDecay
  | PiecewiseConstantDecay
  | PolynomialDecay
  | InverseTimeDecay
  | CosineDecay
  | CosineDecayRestarts;

/**
 * The learning rate of an optimizer step.
 *
 * @param step optimizer steps done before it: 0 for the first
 * @example
 * scheduledRate(exponentialDecay(0.1, 10, 0.5), 10); // 0.05
 */
export function scheduledRate(schedule: LearningRateSchedule, step: number): number {
  switch (schedule.className) {
    case "ExponentialDecay":
      return schedule.initialLearningRate * schedule.decayRate ** periods(schedule, step);
    case "PiecewiseConstantDecay": {
      const at = schedule.boundaries.findIndex((boundary) => step <= boundary);
      return schedule.values.at(at)!;
    }
    case "PolynomialDecay":
      return polynomialRate(schedule, step);
    case "InverseTimeDecay":
      return schedule.initialLearningRate / (1 + schedule.decayRate * periods(schedule, step));
    case "CosineDecay":
      return cosineRate(schedule, step);
    case "CosineDecayRestarts":
      return restartedCosineRate(schedule, step);
  }
}

function periods({ decaySteps, staircase }: ExponentialDecay | InverseTimeDecay, step: number): number {
  return staircase ? Math.floor(step / decaySteps) : step / decaySteps;
}

function polynomialRate(schedule: PolynomialDecay, step: number): number {
  const { initialLearningRate, decaySteps, endLearningRate, power, cycle } = schedule;
  const end = cycle ? decaySteps * Math.max(1, Math.ceil(step / decaySteps)) : decaySteps;
  return (initialLearningRate - endLearningRate) * (1 - Math.min(step, end) / end) ** power + endLearningRate;
}

function cosineRate(schedule: CosineDecay, step: number): number {
  const { initialLearningRate, decaySteps, alpha, warmupTarget, warmupSteps } = schedule;
  if (warmupTarget !== null && step < warmupSteps) {
    return initialLearningRate + (warmupTarget - initialLearningRate) * (step / warmupSteps);
  }
  const [from, done] =
    warmupTarget === null ? [initialLearningRate, step] : [warmupTarget, step - warmupSteps];
  return from * ((1 - alpha) * halfCosine(Math.min(done, decaySteps) / decaySteps) + alpha);
}

function restartedCosineRate(schedule: CosineDecayRestarts, step: number): number {
  const { initialLearningRate, firstDecaySteps, tMul, mMul, alpha } = schedule;
  const done = step / firstDecaySteps;
  // log(243) / log(3) is a little below 5: rounding must not put a restart off by a step.
  const restarts =
    tMul === 1 ? Math.floor(done) : Math.floor(Math.log(1 - done * (1 - tMul)) / Math.log(tMul) + 1e-9);
  const before = tMul === 1 ? restarts : (1 - tMul ** restarts) / (1 - tMul);
  const cosine = mMul ** restarts * halfCosine((done - before) / tMul ** restarts);
  return initialLearningRate * ((1 - alpha) * cosine + alpha);
}

/** From 1 at 0 to 0 at 1. */
function halfCosine(share: number): number {
  return 0.5 * (1 + Math.cos(Math.PI * share));
}
