/** Activations of a layer or cell. Each has a derivative that needs only the output. */
export type Activation = "linear" | "tanh" | "relu" | "sigmoid";

/**
 * tanh and sigmoid in forms that neither overflow nor return NaN: exp saturates at infinity and the
 * quotient at zero. (The built-in tanh returns NaN beyond about 88 on some adapters.)
 */
const formulas: Record<Activation, { value: string; slope: string }> = {
  linear: { value: "x", slope: "one" },
  tanh: { value: "one - 2.0 / (one + exp(2.0 * x))", slope: "one - y * y" },
  relu: { value: "max(x, zero)", slope: "select(zero, one, y > zero)" },
  sigmoid: { value: "one / (one + exp(-x))", slope: "y * (one - y)" },
};

/** WGSL `activate(x)` and `slope(y)`, y = activate(x), for scalars and for vectors of four. */
export function activationFunctions(activation: Activation): string {
  const { value, slope } = formulas[activation];
  const functions = (type: string, suffix: string): string => /* wgsl */ `
fn activate${suffix}(x: ${type}) -> ${type} {
  const one = ${type}(1.0);
  const zero = ${type}(0.0);
  return ${value};
}
fn slope${suffix}(y: ${type}) -> ${type} {
  const one = ${type}(1.0);
  const zero = ${type}(0.0);
  return ${slope};
}`;
  return functions("f32", "") + functions("vec4f", "4");
}
