/** WGSL: (tanh(x)/x - 1)/x², z = x², for |x| up to 0.6: the minimax fit of degree 4. */
const series = [-0.333332986, 0.133319587, -0.0537866838, 0.020805385, -0.0059058685].reduceRight(
  (sum, coefficient) => (sum === "" ? `${coefficient}` : `(${coefficient} + z * ${sum})`),
  "",
);

/**
 * Activations of a layer or cell. Each has a derivative that needs only the output, so that nothing but the
 * output is kept for the backward pass.
 *
 * tanh and sigmoid in forms that neither overflow nor return NaN: exp saturates at infinity and the
 * quotient at zero. (The built-in tanh returns NaN beyond about 88 on some adapters.) Near zero that form of
 * tanh, and the built-in one, lose digits, a thousandth of the value at 1e-4; a polynomial does not.
 */
const formulas = {
  linear: { value: "x", slope: "one" },
  tanh: {
    value: `select(one - 2.0 / (one + exp(2.0 * x)), x + x * z * ${series}, abs(x) < 0.6 * one)`,
    slope: "one - y * y",
  },
  relu: { value: "max(x, zero)", slope: "select(zero, one, y > zero)" },
  sigmoid: { value: "one / (one + exp(-x))", slope: "y * (one - y)" },
  /** Keras 3: a sixth of the slope. */
  hardSigmoid: {
    value: "clamp(x / 6.0 + 0.5, zero, one)",
    slope: "select(zero, one / 6.0, (y > zero) & (y < one))",
  },
  /** Keras 1 and 2, and TF.js: a fifth of the slope. */
  hardSigmoidKeras2: {
    value: "clamp(0.2 * x + 0.5, zero, one)",
    slope: "select(zero, 0.2 * one, (y > zero) & (y < one))",
  },
  hardTanh: { value: "clamp(x, -one, one)", slope: "select(zero, one, (y > -one) & (y < one))" },
  relu6: { value: "clamp(x, zero, 6.0 * one)", slope: "select(zero, one, (y > zero) & (y < 6.0 * one))" },
  leakyRelu: { value: "select(0.2 * x, x, x > zero)", slope: "select(0.2 * one, one, y > zero)" },
  elu: { value: "select(exp(x) - one, x, x > zero)", slope: "select(y + one, one, y > zero)" },
  selu: {
    value: "1.0507009873554805 * select(1.6732632423543772 * (exp(x) - one), x, x > zero)",
    slope: "select(y + 1.7580993408473766 * one, 1.0507009873554805 * one, y > zero)",
  },
  softplus: { value: "max(x, zero) + log(one + exp(-abs(x)))", slope: "one - exp(-y)" },
  softsign: { value: "x / (one + abs(x))", slope: "(one - abs(y)) * (one - abs(y))" },
  exponential: { value: "exp(x)", slope: "y" },
} as const;

export type Activation = keyof typeof formulas;

/** All activations' names. */
export const activations = Object.keys(formulas) as readonly Activation[];

/**
 * WGSL `activate(x)` and `slope(y)`, y = activate(x), for scalars and, with a 4 behind the name, for vectors
 * of four; under other names where a cell has two activations.
 */
export function activationFunctions(
  activation: Activation,
  valueName = "activate",
  slopeName = "slope",
): string {
  const { value, slope } = formulas[activation];
  const functions = (type: string, suffix: string): string => /* wgsl */ `
fn ${valueName}${suffix}(x: ${type}) -> ${type} {
  let one = ${type}(1.0);
  let zero = ${type}(0.0);
  let z = x * x;
  return ${value};
}
fn ${slopeName}${suffix}(y: ${type}) -> ${type} {
  let one = ${type}(1.0);
  let zero = ${type}(0.0);
  return ${slope};
}`;
  return functions("f32", "") + functions("vec4f", "4");
}
