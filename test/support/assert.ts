/** Assertions without a test framework: they run in Node and in a browser page alike. */

/** How far two arrays may be apart: `|a - e| <= absolute + relative * max(|e|)`, for every element. */
export interface Tolerance {
  readonly absolute: number;
  /** Relative to the largest expected magnitude of the whole array. */
  readonly relative: number;
}

/** The class of every failure reported here. */
export class AssertionFailure extends Error {
  override name = "AssertionFailure";
}

/** How far `actual` is from `expected`. */
export interface Distance {
  /** Largest absolute difference and where it stands; Infinity where a value is not finite. */
  readonly maxError: number;
  readonly index: number;
  /** Norm of the difference over the norm of `expected`. */
  readonly relativeToNorm: number;
  readonly largestExpected: number;
}

/** Measures `actual` against `expected`; two equal infinities or two NaN count as equal. */
export function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): Distance {
  let maxError = 0;
  let index = 0;
  let squares = 0;
  let expectedSquares = 0;
  let largestExpected = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = elementError(actual[i] ?? NaN, expected[i] ?? NaN);
    if (error > maxError) {
      maxError = error;
      index = i;
    }
    squares += error * error;
    const magnitude = Math.abs(expected[i] ?? NaN);
    if (!Number.isFinite(magnitude)) continue;
    expectedSquares += magnitude * magnitude;
    largestExpected = Math.max(largestExpected, magnitude);
  }
  const relativeToNorm = squares === 0 ? 0 : Math.sqrt(squares) / Math.sqrt(expectedSquares);
  return { maxError, index, relativeToNorm, largestExpected };
}

function elementError(actual: number, expected: number): number {
  if (Object.is(actual, expected)) return 0;
  const error = Math.abs(actual - expected);
  return Number.isNaN(error) ? Infinity : error;
}

/**
 * Fails unless `actual` has the length of `expected` and every element lies within the tolerance.
 * A plain number is an absolute tolerance.
 */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance | number,
  label: string,
): void {
  if (actual.length !== expected.length) {
    throw new AssertionFailure(
      `${label}: expected ${String(expected.length)} values, got ${String(actual.length)}`,
    );
  }
  const { absolute, relative } =
    typeof tolerance === "number" ? { absolute: tolerance, relative: 0 } : tolerance;
  const { maxError, index, relativeToNorm, largestExpected } = distance(actual, expected);
  const allowed = absolute + relative * largestExpected;
  if (maxError <= allowed) return;
  throw new AssertionFailure(
    `${label}[${String(index)}]: expected ${String(expected[index])}, got ${String(actual[index])}; ` +
      `max error ${maxError.toExponential(3)} (allowed ${allowed.toExponential(3)}), ` +
      `relative to norm ${relativeToNorm.toExponential(3)}, ${String(expected.length)} values`,
  );
}

/** Fails unless the two values are equal: primitives by `Object.is`, arrays and plain objects by content. */
export function assertEqual(actual: unknown, expected: unknown, label: string): void {
  const path = firstDifference(actual, expected, label);
  if (path !== undefined) throw new AssertionFailure(path);
}

/** Fails with `message` unless `condition` holds. */
export function assertTrue(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

function firstDifference(actual: unknown, expected: unknown, path: string): string | undefined {
  if (Object.is(actual, expected)) return undefined;
  if (!isContainer(actual) || !isContainer(expected) || kindOf(actual) !== kindOf(expected)) {
    return `${path}: expected ${show(expected)}, got ${show(actual)}`;
  }
  const [left, right] = [entriesOf(actual), entriesOf(expected)];
  if (left.size !== right.size) {
    return `${path}: expected ${String(right.size)} entries, got ${String(left.size)} (${show(actual)})`;
  }
  for (const [key, value] of right) {
    if (!left.has(key)) return `${path}: expected an entry ${show(key)}, got none (${show(actual)})`;
    const difference = firstDifference(left.get(key), value, `${path}[${show(key)}]`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function kindOf(value: object): string {
  return Object.prototype.toString.call(value);
}

function entriesOf(value: object): Map<unknown, unknown> {
  return value instanceof Map
    ? new Map<unknown, unknown>(value)
    : new Map<unknown, unknown>(Object.entries(value));
}

function show(value: unknown): string {
  if (typeof value === "bigint" || typeof value === "number") return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** A class whose instances are thrown. */
export type ErrorClass = abstract new (...parameters: never[]) => Error;

/**
 * Fails unless `action` throws, or its promise rejects with, an instance of `errorClass` whose
 * message matches. Always await it: with a synchronous `action` it is settled at once.
 */
export async function assertThrows(
  action: () => unknown,
  errorClass: ErrorClass,
  message: RegExp,
): Promise<void> {
  let thrown: unknown;
  try {
    await action();
  } catch (error) {
    thrown = error;
    checkError(thrown, errorClass, message);
    return;
  }
  throw new AssertionFailure(`expected ${errorClass.name} matching ${String(message)}, nothing was thrown`);
}

function checkError(thrown: unknown, errorClass: ErrorClass, message: RegExp): void {
  if (!(thrown instanceof errorClass)) {
    throw new AssertionFailure(`expected ${errorClass.name}, got ${String(thrown)}`);
  }
  if (!message.test(thrown.message)) {
    throw new AssertionFailure(`expected a message matching ${String(message)}, got "${thrown.message}"`);
  }
}
