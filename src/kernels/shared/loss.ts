/** WGSL: binary cross-entropy of a logit z and a label y; exact where exp would overflow. */
export const binaryCrossentropyFromLogit = /* wgsl */ `
fn binaryCrossentropyFromLogit(z: f32, y: f32) -> f32 {
  return max(z, 0.0) - z * y + log(1.0 + exp(-abs(z)));
}
fn sigmoid(z: f32) -> f32 {
  return 1.0 / (1.0 + exp(-z));
}`;

/** A number as a WGSL f32 literal. */
export function f32(value: number): string {
  const text = String(value);
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}
