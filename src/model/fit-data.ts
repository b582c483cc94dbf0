import { invalid } from "../runtime/errors";
import type { FitOptions, FitSetup, ValidationData } from "./fit-options";
import type { FitData } from "./fit-settings";
import { prepareTargets, prepareTokens, range, type Labels, type Session } from "./session";
import type { Targets } from "./targets";
import { concatenate, type TokenInput } from "./token-data";

/** Checks the data, and divides them into rows to train on and rows for validation. */
export function prepareData(session: Session, x: TokenInput, y: Labels, options: FitSetup): FitData {
  const { validationSplit, validationData, classWeight, sampleWeight } = options;
  const data = prepareTokens(session, x, "fit");
  const targets = prepareTargets(session, data, y, sampleWeight, "fit");
  if (validationData) {
    const { x: vx, y: vy, weights } = named(validationData);
    const own = prepareTokens(session, vx, "fit, validationData");
    const held = prepareTargets(session, own, vy, weights, "fit, validationData");
    const together = concatenate(data, own, "fit, validationData");
    return {
      data: together,
      targets: {
        training: weighted(targets, classWeight, session),
        validation: {
          labels: behind(targets.labels.length, held.labels),
          sampleWeights: held.sampleWeights && behind(data.rows, held.sampleWeights),
        },
      },
      training: range(0, data.rows),
      validation: range(data.rows, together.rows),
    };
  }
  // Keras's arithmetic: the training part is rounded down.
  const split = Math.floor(data.rows * (1 - validationSplit));
  if (split === 0 || (validationSplit > 0 && split === data.rows)) {
    throw invalid(
      "fit",
      "rows left for training and for validation",
      `${data.rows} rows and validationSplit ${validationSplit}`,
      "pass more rows or another split",
    );
  }
  return {
    data,
    targets: { training: weighted(targets, classWeight, session), validation: targets },
    training: range(0, split),
    validation: range(split, data.rows),
  };
}

function named(data: ValidationData): { x: TokenInput; y: Labels; weights: ArrayLike<number> | undefined } {
  if ("x" in data) return { x: data.x, y: data.y, weights: data.sampleWeight };
  const [x, y, weights] = data;
  return { x, y, weights };
}

/** Values behind so many others. */
function behind(others: number, values: Float32Array): Float32Array {
  const shifted = new Float32Array(others + values.length);
  shifted.set(values, others);
  return shifted;
}

/** Class weights as sample weights. They count in training only. */
function weighted(targets: Targets, classWeight: FitOptions["classWeight"], session: Session): Targets {
  if (!classWeight) return targets;
  if (targets.sampleWeights) {
    throw invalid("fit", "classWeight or sampleWeight", "both", "multiply them into sampleWeight yourself");
  }
  if (session.architecture.sequences) {
    throw invalid("fit", "classWeight with one label per row", "a label per step", "pass sampleWeight");
  }
  const labels = targets.labels;
  return { labels, sampleWeights: labels.map((label) => classWeight[label] ?? 1) };
}
