import { alignment, elements, type TensorDeclaration } from "./tensor";

/** A tensor, or some rows of one, and the tensor that it belongs to. */
export interface Piece {
  part: TensorDeclaration;
  of: TensorDeclaration;
}

/**
 * Lays tensors out one behind the other, in as few buffers as there must be if none may be larger than `most` bytes.
 * What is larger comes in parts of whole rows; where a row is too large for that, it has a buffer to itself.
 */
export function planBanks(declarations: readonly TensorDeclaration[], most: number): Piece[][] {
  const pieces = declarations.flatMap((of) => partsOf(of, most).map((part) => ({ part, of })));
  return grouped(pieces, most, ({ part }) => placeOf(part.shape));
}

/** Neighbours together, as many as have `most` bytes; what alone has more stands alone. */
export function grouped<Item>(
  items: readonly Item[],
  most: number,
  bytesOf: (item: Item) => number,
): Item[][] {
  const groups: Item[][] = [[]];
  let held = 0;
  for (const item of items) {
    const bytes = bytesOf(item);
    if (held + bytes > most && held > 0) {
      groups.push([]);
      held = 0;
    }
    groups.at(-1)!.push(item);
    held += bytes;
  }
  return groups;
}

/** Bytes that a tensor takes among others in one buffer. */
export function placeOf(shape: readonly number[]): number {
  return floorTo(Math.max(1, elements(shape) * 4) + alignment - 1, alignment);
}

/** As many rows each as one buffer can hold, whole vectors of them where they are that many. */
function partsOf(declaration: TensorDeclaration, most: number): TensorDeclaration[] {
  const { label, shape, dtype } = declaration;
  const width = shape.at(-1) ?? 1;
  const rows = elements(shape) / width;
  const room = Math.floor(floorTo(most, alignment) / (4 * width));
  const perPart = room < 4 ? room : floorTo(room, 4);
  if (elements(shape) * 4 <= most || perPart === 0) return [declaration];
  return Array.from({ length: Math.ceil(rows / perPart) }, (_, i) => {
    const first = i * perPart;
    const end = Math.min(rows, first + perPart);
    return { label: `${label}, rows ${first} to ${end - 1}`, shape: [end - first, width], dtype };
  });
}

const floorTo = (value: number, step: number): number => Math.floor(value / step) * step;
