import { checkOption } from "../checks";
import { configured, type NamedLayer } from "./options";

export interface MaskingConfig extends NamedLayer {
  className: "Masking";
  maskValue: number;
}

export interface MaskingOptions {
  name?: string;
  /** What all features of a masked step are, compared as float32. Default 0. */
  maskValue?: number;
}

/**
 * Masks the steps of a sequence all of whose features are `maskValue`: the first recurrent layer behind it leaves its
 * state as it is there, and means and losses pass over them. Their features become zeros. It takes the place of a mask
 * from before. Behind an embedding it masks the tokens whose row of the table is `maskValue` throughout.
 *
 * @throws {InvalidInputError} a value that is no finite float32, an unknown option.
 * @example
 * sequential([embedding(5_000, 50, { weights: vectors, trainable: false }), masking(), lstm(32), dense(1)])
 * @see https://keras.io/api/layers/core_layers/masking/
 */
export function masking(options: MaskingOptions = {}): MaskingConfig {
  return configured("Masking", "masking", {}, options, { maskValue: [0, float32] });
}

function float32(value: number, where: string, option: string): number {
  checkOption(Number.isFinite(Math.fround(value)), where, option, "a finite float32", value);
  return value;
}
