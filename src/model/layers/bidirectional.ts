import { invalid } from "../../runtime/errors";
import { configured, oneOf, type TrainableLayer } from "./options";
import type { RecurrentLayer } from "./recurrent";

const mergeModes = ["concat", "sum", "mul", "ave"] as const;

/** How the two directions become one. */
export type MergeMode = (typeof mergeModes)[number];

export interface BidirectionalConfig extends TrainableLayer {
  className: "Bidirectional";
  /** Run from the first step to the last; a copy of it with weights of its own runs from the last to the first. */
  layer: RecurrentLayer;
  mergeMode: MergeMode;
}

export interface BidirectionalOptions {
  name?: string;
  /** Whether training changes the weights. Default `true`; a frozen layer takes no part in the clipping of gradients. */
  trainable?: boolean;
  /** `"concat"` (default): both side by side, twice the units; `"sum"`, `"mul"`, `"ave"`: element by element. */
  mergeMode?: MergeMode;
}

/**
 * Runs a recurrent layer over the sequence in both directions (Schuster & Paliwal 1997):
 * [batch, steps, features] → [batch, 2·units], or [batch, units] where the two are not concatenated.
 *
 * @param layer a recurrent layer; its `returnSequences` and other options hold for both directions
 * @throws {InvalidInputError} a layer without a time loop, an unknown option or merge mode.
 * @example
 * bidirectional(lstm(32), { mergeMode: "ave" })
 * @see https://keras.io/api/layers/recurrent_layers/bidirectional/
 */
export function bidirectional(
  layer: RecurrentLayer,
  options: BidirectionalOptions = {},
): BidirectionalConfig {
  const { className } = layer as { className?: string };
  if (!["SimpleRNN", "LSTM", "GRU"].includes(String(className))) {
    throw invalid(
      "bidirectional",
      "a recurrent layer",
      String(className),
      "pass simpleRNN(…), lstm(…) or gru(…)",
    );
  }
  return configured("Bidirectional", "bidirectional", { layer: [layer] }, options, {
    trainable: [true],
    mergeMode: ["concat", oneOf(mergeModes)],
  });
}
