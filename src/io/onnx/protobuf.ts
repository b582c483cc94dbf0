/** A message or a string of bytes, in parts that are put together at the end. */
export type Parts = readonly Uint8Array[];

/** Wire types of protobuf: a variable-length integer, 4 bytes, a length and that many bytes. */
const [varintType, lengthType, fixed32Type] = [0, 2, 5];

/** An integer field. Protobuf's integers have 64 bits; negative ones take ten bytes. */
export function int(field: number, value: number): Parts {
  return [varint(BigInt(field * 8 + varintType)), varint(BigInt(value))];
}

/** A float field. */
export function float(field: number, value: number): Parts {
  return [varint(BigInt(field * 8 + fixed32Type)), new Uint8Array(Float32Array.of(value).buffer)];
}

/** A string field. */
export function text(field: number, value: string): Parts {
  return message(field, [new TextEncoder().encode(value)]);
}

/** A field of bytes, or of a message put together already. */
export function message(field: number, ...parts: readonly Parts[]): Parts {
  const content = parts.flat();
  const length = content.reduce((sum, part) => sum + part.length, 0);
  return [varint(BigInt(field * 8 + lengthType)), varint(BigInt(length)), ...content];
}

/** A list of integers, packed. */
export function ints(field: number, values: readonly number[]): Parts {
  return message(
    field,
    values.map((value) => varint(BigInt(value))),
  );
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}
