import { invalid } from "../runtime/errors";
import { checkWhole } from "./checks";

/** Everything that a generator's further numbers depend on; plain numbers, so it can be stored as JSON. */
export type RandomState = readonly [number, number, number, number];

/** Array-likes whose elements can be exchanged. */
interface Shufflable<Value> {
  readonly length: number;
  [index: number]: Value;
}

const goldenRatio = 0x9e3779b9;

/**
 * A seeded generator of random numbers: xoshiro128**, the same stream on every platform.
 * Not for cryptography.
 *
 * @example
 * const random = new Random(0);
 * const order = random.shuffle(Uint32Array.from({ length: 5 }, (_, i) => i));
 * const later = Random.fromState(random.state()); // goes on with the same numbers
 * @see Blackman and Vigna, Scrambled Linear Pseudorandom Number Generators, 2021; https://prng.di.unimi.it
 */
export class Random {
  readonly #state: Uint32Array;

  /**
   * @param seed a whole number from 0 to 2⁵³ - 1
   * @param stream a whole number from 0 to 2³² - 1: generators of one seed and different streams
   *   are independent, so that drawing more from one leaves the others as they were
   * @throws InvalidInputError for any other seed or stream
   */
  constructor(seed: number, stream = 0) {
    checkWhole("Random", "seed", seed, 0, Number.MAX_SAFE_INTEGER);
    checkWhole("Random", "stream", stream, 0, 0xffffffff);
    const words = [seed >>> 0, Math.floor(seed / 2 ** 32), stream];
    this.#state = Uint32Array.from([1, 2, 3, 4], (index) =>
      words.reduce((hash, word) => mix((hash ^ mix(word + goldenRatio)) + index), index * goldenRatio),
    );
    // The all-zero state is the one state that stays where it is.
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1;
  }

  /** A generator that goes on where `state()` was taken. */
  static fromState(state: RandomState): Random {
    state.forEach((word) => {
      checkWhole("Random.fromState", "state", word, 0, 0xffffffff);
    });
    if (state.length !== 4 || state.every((word) => word === 0)) {
      const remedy = "pass what state() returned";
      throw invalid("Random.fromState", "four numbers, not all 0", String(state), remedy);
    }
    const random = new Random(0);
    random.#state.set(state);
    return random;
  }

  /** Where the stream stands now. */
  state(): RandomState {
    const [a, b, c, d] = this.#state;
    return [a, b, c, d];
  }

  /** A whole number in [0, 2³²). */
  uint32(): number {
    const s = this.#state;
    const result = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotateLeft(s[3], 11);
    return result;
  }

  /** A number in [0, 1), a multiple of 2⁻³². */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A standard normal number (Marsaglia's polar method; the second of each pair is dropped, so the state stays small). */
  normal(): number {
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square);
    }
  }

  /** A standard normal number no further than two from zero: drawn again until it is. */
  truncatedNormal(): number {
    for (;;) {
      const value = this.normal();
      if (Math.abs(value) <= 2) return value;
    }
  }

  /** A whole number in [0, bound), each equally likely. */
  below(bound: number): number {
    const unfair = 2 ** 32 % bound;
    for (;;) {
      const value = this.uint32();
      if (value >= unfair) return value % bound;
    }
  }

  /** Shuffles in place (Fisher and Yates, from the end) and returns what it was given. */
  shuffle<List extends Shufflable<unknown>>(list: List): List {
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const value = list[i];
      list[i] = list[j];
      list[j] = value;
    }
    return list;
  }
}

function rotateLeft(word: number, bits: number): number {
  return ((word << bits) | (word >>> (32 - bits))) >>> 0;
}

/** MurmurHash3's finaliser: every bit of the input changes every bit of the output about half the time. */
export function mix(word: number): number {
  let hash = word >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The seed of what one step draws on the device. Mixed first: neighbouring seeds must not give neighbouring steps. */
export function stepSeed(seed: number, step: number): number {
  return (mix(seed) + step) >>> 0;
}
