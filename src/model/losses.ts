import type { LossOptions } from "../kernels";
import { invalid } from "../runtime/errors";
import { byName } from "./checks";
import type { Targets } from "./targets";

/** A loss, and whether the last layer's output is taken for a logit. */
export interface Loss {
  kind: LossOptions["kind"];
  fromLogits: boolean;
}

/** Options of the cross-entropies. */
export interface CrossentropyOptions {
  /** The last layer has no activation and its output is the logit. Default `false`. */
  fromLogits?: boolean;
}

/**
 * Binary cross-entropy, the mean over the batch. After a sigmoid layer it is computed from the logits.
 *
 * @example
 * await model.compile({ loss: binaryCrossentropy({ fromLogits: true }) });
 * @see https://keras.io/api/losses/probabilistic_losses/#binarycrossentropy-class
 */
export function binaryCrossentropy({ fromLogits = false }: CrossentropyOptions = {}): Loss {
  return { kind: "binaryCrossentropy", fromLogits };
}

/**
 * Cross-entropy of a softmax with labels that are class numbers.
 *
 * @example
 * await model.compile({ loss: sparseCategoricalCrossentropy(), metrics: ["acc"] });
 * @see https://keras.io/api/losses/probabilistic_losses/#sparsecategoricalcrossentropy-class
 */
export function sparseCategoricalCrossentropy({ fromLogits = false }: CrossentropyOptions = {}): Loss {
  return { kind: "sparseCategoricalCrossentropy", fromLogits };
}

/**
 * Cross-entropy of a softmax with labels that are a row of shares for each output: one-hot, or soft.
 *
 * @example
 * await model.compile({ loss: categoricalCrossentropy(), metrics: ["acc"] });
 * @see https://keras.io/api/losses/probabilistic_losses/#categoricalcrossentropy-class
 */
export function categoricalCrossentropy({ fromLogits = false }: CrossentropyOptions = {}): Loss {
  return { kind: "categoricalCrossentropy", fromLogits };
}

/**
 * Mean of the squared differences.
 *
 * @example
 * await model.compile({ loss: meanSquaredError() });
 * @see https://keras.io/api/losses/regression_losses/#meansquarederror-class
 */
export function meanSquaredError(): Loss {
  return { kind: "meanSquaredError", fromLogits: false };
}

/**
 * Mean of the differences' sizes.
 *
 * @example
 * await model.compile({ loss: meanAbsoluteError() });
 * @see https://keras.io/api/losses/regression_losses/#meanabsoluteerror-class
 */
export function meanAbsoluteError(): Loss {
  return { kind: "meanAbsoluteError", fromLogits: false };
}

const factories: Record<string, () => Loss> = {
  binaryCrossentropy,
  sparseCategoricalCrossentropy,
  categoricalCrossentropy,
  meanSquaredError,
  mse: meanSquaredError,
  meanAbsoluteError,
  mae: meanAbsoluteError,
};

/** The loss of a name (camelCase or snake_case), or the one given. */
export function resolveLoss(loss: string | Loss): Loss {
  return typeof loss === "string" ? byName("compile", "loss", factories, loss)() : loss;
}

/** Labels per output: one for each column, or the number of the class. */
export function labelWidth(loss: Loss, columns: number): number {
  return loss.kind === "sparseCategoricalCrossentropy" ? 1 : columns;
}

/**
 * Checks labels and puts them into one array.
 *
 * @param y labels, [outputs · labelWidth] numbers, flat or as rows
 * @throws {InvalidInputError} a wrong number of them, or one that the loss does not take.
 */
export function labelArray(
  y: ArrayLike<number | ArrayLike<number>>,
  loss: Loss,
  sizes: { rows: number; outputsPerRow: number; columns: number },
  where: string,
): Targets["labels"] {
  const { rows, outputsPerRow, columns } = sizes;
  const perRow = outputsPerRow * labelWidth(loss, columns);
  const nested = y.length > 0 && typeof y[0] !== "number";
  if (nested ? y.length !== rows : y.length !== rows * perRow) {
    throw invalid(
      where,
      perRow === 1 ? `one label per row of x (${rows})` : `${perRow} labels for each row of x (${rows})`,
      `${y.length}`,
      "pass the labels of the same split",
    );
  }
  const labels = new Float32Array(rows * perRow);
  if (nested) {
    for (let row = 0; row < rows; row++) {
      const values = (y as ArrayLike<ArrayLike<number>>)[row];
      if (values?.length !== perRow) {
        throw invalid(
          where,
          `${perRow} labels in each row`,
          `${values?.length} in row ${row}`,
          "pass rows of one length",
        );
      }
      labels.set(values, row * perRow);
    }
  } else {
    labels.set(y as ArrayLike<number>);
  }
  const { valid, expected } = accepted(loss, columns);
  const wrong = labels.findIndex((label) => !valid(label));
  if (wrong >= 0) {
    throw invalid(
      where,
      expected,
      `${labels[wrong]} as label ${wrong}`,
      "correct the labels or choose another loss",
    );
  }
  return labels;
}

function accepted(loss: Loss, columns: number): { valid: (label: number) => boolean; expected: string } {
  switch (loss.kind) {
    case "binaryCrossentropy":
      return { valid: (y) => y >= 0 && y <= 1, expected: "labels from 0 to 1 for binary cross-entropy" };
    case "sparseCategoricalCrossentropy":
      return {
        valid: (y) => Number.isInteger(y) && y >= 0 && y < columns,
        expected: `labels that are class numbers from 0 to ${columns - 1}`,
      };
    case "categoricalCrossentropy":
      return { valid: (y) => y >= 0 && y <= 1, expected: "labels from 0 to 1, one for each class" };
    case "meanSquaredError":
    case "meanAbsoluteError":
      return { valid: Number.isFinite, expected: "finite labels" };
  }
}
