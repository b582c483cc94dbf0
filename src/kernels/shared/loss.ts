/**
 * WGSL: e^x within an ulp for x from -87 to 88, the power of the nearer of these beyond, NaN of NaN. WGSL's own exp may be off by three ulps and
 * more, on SwiftShader to one side, which a mean over samples does not even out. x = n·ln 2 + r, with ln 2 in two parts
 * (Cody & Waite 1980), e^r by its series for |r| ≤ ln 2 / 2, 2ⁿ by its bits.
 */
const exactExp = /* wgsl */ `
fn exactExp(x: f32) -> f32 {
  let within = clamp(x, -87.0, 88.0);
  let n = round(within * 1.442695);
  let r = (within - n * 0.693359375) + n * 0.00021219444;
  let tail = 0.041666667 + r * (0.008333333 + r * (0.0013888889 + r * 0.0001984127));
  let power = 1.0 + (r + r * r * (0.5 + r * (0.16666667 + r * tail)));
  return select(power * bitcast<f32>((i32(n) + 127) << 23u), x, x != x);
}`;

/** WGSL: sigmoid, and binary cross-entropy of a logit z and a label y; exact where exp would overflow. */
export const binaryCrossentropyFromLogit = /* wgsl */ `
${exactExp}
fn binaryCrossentropyFromLogit(z: f32, y: f32) -> f32 {
  return max(z, 0.0) - z * y + log(1.0 + exactExp(-abs(z)));
}
fn sigmoid(z: f32) -> f32 {
  return 1.0 / (1.0 + exactExp(-z));
}`;

/** A number as a WGSL f32 literal. */
export function f32(value: number): string {
  const text = String(value);
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}
