import { invalid } from "../runtime/errors";

const SIZE = 624;
const SHIFT = 397;

/**
 * NumPy's legacy `RandomState`: the Mersenne Twister MT19937 with NumPy's seeding and its `shuffle`, draw
 * for draw, so that rows come in the order in which Keras returns them.
 *
 * @example
 * const order = Array.from({ length: 10 }, (_, i) => i);
 * new RandomState(113).shuffle(order); // [9, 3, 6, 1, 0, 7, 4, 8, 2, 5]
 *
 * @see https://numpy.org/doc/stable/reference/random/legacy.html
 * @see Matsumoto and Nishimura, Mersenne Twister, ACM TOMACS 8 (1998)
 */
export class RandomState {
  readonly #key = new Uint32Array(SIZE);
  #next = SIZE;

  /**
   * @param seed a whole number from 0 to 2³² - 1
   * @throws InvalidInputError for any other seed
   */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
      throw invalid("seed", "a whole number from 0 to 4294967295", String(seed), "pass such a number");
    }
    let value = seed >>> 0;
    for (let i = 0; i < SIZE; i++) {
      this.#key[i] = value;
      value = (Math.imul(1812433253, value ^ (value >>> 30)) + i + 1) >>> 0;
    }
  }

  /** The next 32 random bits, as a number from 0 to 2³² - 1. */
  nextUint32(): number {
    if (this.#next === SIZE) this.#twist();
    let bits = this.#key[this.#next++];
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    return (bits ^ (bits >>> 18)) >>> 0;
  }

  /** A number in [0, 1) with 53 random bits: NumPy's `random_sample`. */
  uniform(): number {
    const high = this.nextUint32() >>> 5;
    return (high * 2 ** 26 + (this.nextUint32() >>> 6)) / 2 ** 53;
  }

  /** A whole number from 0 to `max` inclusive (`max` < 2³²): masked bits, drawn again while they exceed it. */
  interval(max: number): number {
    if (max === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(max);
    for (;;) {
      const value = (this.nextUint32() & mask) >>> 0;
      if (value <= max) return value;
    }
  }

  /** Shuffles in place: Fisher and Yates from the end, as NumPy does. */
  shuffle(items: { [index: number]: number; readonly length: number }): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.interval(i);
      const kept = items[i];
      items[i] = items[j];
      items[j] = kept;
    }
  }

  #twist(): void {
    const key = this.#key;
    for (let i = 0; i < SIZE; i++) {
      const joined = (key[i] & 0x80000000) | (key[(i + 1) % SIZE] & 0x7fffffff);
      key[i] = key[(i + SHIFT) % SIZE] ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}
