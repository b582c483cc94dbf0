import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What a process holds, in MiB. */
export interface Held {
  /** Of JavaScript's objects. */
  readonly heap: number;
  /** Of array buffers and whatever else lies outside the heap. */
  readonly external: number;
  /** Of the whole process, the GPU's driver included. */
  readonly process: number;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What the process holds after everything that nothing refers to has been freed. */
export async function held(): Promise<Held> {
  // Finalizers run in turns of their own, and what they free may hold more.
  for (let round = 0; round < 3; round++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const [heap, outside, all] = [heapUsed, external, rss].map((bytes) => bytes / 2 ** 20);
  return { heap, external: outside, process: all };
}

/** One line of figures, for the record. */
export function shown({ heap, external, process: all }: Held): string {
  return `heap ${heap.toFixed(1)} MiB, buffers ${external.toFixed(1)} MiB, process ${all.toFixed(0)} MiB`;
}
