import fc from "fast-check";

/** One harm that comes to a file. Places are parts of its length, so that an edit means something for any file. */
export type Edit =
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "set"; readonly at: number; readonly value: number }
  | { readonly kind: "fill"; readonly at: number; readonly length: number; readonly value: number }
  | { readonly kind: "splice"; readonly at: number; readonly from: number; readonly length: number }
  | { readonly kind: "insert"; readonly at: number; readonly from: number; readonly length: number }
  | { readonly kind: "remove"; readonly at: number; readonly length: number }
  | { readonly kind: "number"; readonly at: number; readonly bytes: 2 | 4 | 8; readonly value: bigint }
  | { readonly kind: "digits"; readonly at: number; readonly text: string };

/** Sizes, counts and offsets that break sums: nothing, one, the largest of each width, and their neighbours. */
const extremes = [0n, 1n, 2n ** 15n, 2n ** 16n - 1n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 63n];
const extremeDigits = ["0", "-1", "1.5", "4294967295", "9007199254740993", "1e308", "999999999999999999999"];

/**
 * Half of all places are in the first tenth, which in most formats says how the rest is to be read. (Not
 * `fc.double`, nearly all of whose values lie next to zero.)
 */
const place = fc.oneof(
  fc.nat({ max: 999_999 }).map((n) => n / 1e6),
  fc.nat({ max: 99_999 }).map((n) => n / 1e6),
);
const span = fc.integer({ min: 1, max: 64 });
const byte = fc.integer({ min: 0, max: 255 });

const harm = <Kind extends Edit["kind"], Rest extends object>(
  weight: number,
  kind: Kind,
  rest: { [Key in keyof Rest]: fc.Arbitrary<Rest[Key]> },
) => ({ weight, arbitrary: fc.record({ kind: fc.constant(kind), at: place, ...rest }) });

const width = fc.constantFrom(2 as const, 4 as const, 8 as const);

const edit = fc.oneof(
  harm(1, "cut", {}),
  harm(3, "flip", { bit: fc.integer({ min: 0, max: 7 }) }),
  harm(3, "set", { value: fc.oneof(byte, fc.constant(255)) }),
  harm(1, "fill", { length: span, value: byte }),
  harm(1, "splice", { from: place, length: span }),
  harm(1, "insert", { from: place, length: span }),
  harm(1, "remove", { length: span }),
  harm(2, "number", { bytes: width, value: fc.constantFrom(...extremes) }),
  harm(2, "digits", { text: fc.constantFrom(...extremeDigits) }),
) as fc.Arbitrary<Edit>;

/** A few harms in a row; where a test fails, fast-check finds the fewest that do it. */
export const edits: fc.Arbitrary<Edit[]> = fc.array(edit, { minLength: 1, maxLength: 4 });

/** The bytes after all edits, in their order. */
export function edited(bytes: Uint8Array, list: readonly Edit[]): Uint8Array<ArrayBuffer> {
  return list.reduce<Uint8Array<ArrayBuffer>>(apply, bytes.slice());
}

function apply(bytes: Uint8Array<ArrayBuffer>, change: Edit): Uint8Array<ArrayBuffer> {
  const index = (part: number): number => Math.floor(part * bytes.length);
  const at = index(change.at);
  switch (change.kind) {
    case "cut":
      return bytes.slice(0, at);
    case "flip":
      bytes[at] ^= 1 << change.bit;
      return bytes;
    case "set":
      bytes[at] = change.value;
      return bytes;
    case "fill":
      return bytes.fill(change.value, at, at + change.length);
    case "splice":
      return bytes.copyWithin(at, index(change.from), index(change.from) + change.length);
    case "insert":
      return replaced(bytes, at, at, bytes.slice(index(change.from), index(change.from) + change.length));
    case "remove":
      return replaced(bytes, at, at + change.length, new Uint8Array());
    case "number":
      return withNumber(bytes, at, change.bytes, change.value);
    case "digits":
      return withDigits(bytes, at, change.text);
  }
}

function replaced(bytes: Uint8Array, begin: number, end: number, by: Uint8Array): Uint8Array<ArrayBuffer> {
  const [before, after] = [bytes.subarray(0, begin), bytes.subarray(end)];
  const result = new Uint8Array(before.length + by.length + after.length);
  result.set(before);
  result.set(by, begin);
  result.set(after, begin + by.length);
  return result;
}

/** A little-endian number over what was there, as far as the file reaches. */
function withNumber(
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
  width: number,
  value: bigint,
): Uint8Array<ArrayBuffer> {
  for (let i = 0; i < width && at + i < bytes.length; i++) {
    bytes[at + i] = Number((value >> BigInt(8 * i)) & 255n);
  }
  return bytes;
}

/** Another number for the next one that is written in digits. */
function withDigits(bytes: Uint8Array<ArrayBuffer>, at: number, text: string): Uint8Array<ArrayBuffer> {
  const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
  let begin = at;
  while (begin < bytes.length && !isDigit(bytes[begin])) begin++;
  let end = begin;
  while (end < bytes.length && isDigit(bytes[end])) end++;
  return replaced(bytes, begin, end, new TextEncoder().encode(text));
}

/** Which of some files, and what comes to it: small enough to be printed where a test fails. */
export interface Harm {
  readonly file: number;
  readonly list: Edit[];
}

/** Harm to one of `count` files. */
export function harms(count: number): fc.Arbitrary<Harm> {
  return fc.record({ file: fc.nat({ max: count - 1 }), list: edits });
}

/** The harmed file among `files`. */
export function harmed(files: readonly Uint8Array[], { file, list }: Harm): Uint8Array<ArrayBuffer> {
  return edited(files[file], list);
}
