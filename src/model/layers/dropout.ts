import { configured, rate as share, type NamedLayer } from "./options";

export interface DropoutConfig extends NamedLayer {
  className: "Dropout";
  rate: number;
}

export interface SpatialDropout1dConfig extends NamedLayer {
  className: "SpatialDropout1D";
  rate: number;
}

/**
 * Sets a share of the values to zero while training and scales the rest by 1 / (1 - rate), so that sums keep
 * their size (Srivastava et al. 2014); does nothing otherwise. Shapes stay as they are.
 *
 * @param rate share of the values to drop, from 0 to below 1
 * @throws {InvalidInputError} a rate out of range, an unknown option.
 * @example
 * dropout(0.5)
 * @see https://keras.io/api/layers/regularization_layers/dropout/
 */
export function dropout(rate: number, options: { name?: string } = {}): DropoutConfig {
  return configured("Dropout", "dropout", { rate: [rate, share] }, options);
}

/**
 * Drops whole features of a sequence while training: the same ones at every step of a sample.
 *
 * @param rate share of the features to drop, from 0 to below 1
 * @throws {InvalidInputError} a rate out of range, an unknown option.
 * @example
 * spatialDropout1d(0.2)
 * @see https://keras.io/api/layers/regularization_layers/spatial_dropout1d/
 */
export function spatialDropout1d(rate: number, options: { name?: string } = {}): SpatialDropout1dConfig {
  return configured("SpatialDropout1D", "spatialDropout1d", { rate: [rate, share] }, options);
}
