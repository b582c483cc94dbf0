import type { Device } from "../../src/index";

/** Calls `at` with the number of each batch, or piece of one, that is put on the device, from 1. */
export async function watchPieces(
  { gpu: { queue } }: Device,
  at: (piece: number) => void,
  run: () => Promise<void>,
): Promise<number> {
  const write = queue.writeBuffer.bind(queue);
  let pieces = 0;
  const value: GPUQueue["writeBuffer"] = (buffer, ...others) => {
    write(buffer, ...others);
    if (buffer.label.endsWith("planSlots")) at(++pieces);
  };
  Object.defineProperty(queue, "writeBuffer", { value, configurable: true });
  try {
    await run();
    return pieces;
  } finally {
    Reflect.deleteProperty(queue, "writeBuffer");
  }
}
