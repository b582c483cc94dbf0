import type { ScanShape } from "../../src/kernels/scan";
import { Trainer } from "../../src/model/trainer";

const shapes: readonly ScanShape[] = ["narrow", "wide"];
let forced = false;

/**
 * From here on, models that leave the shape of the time loop to a measurement get this one.
 *
 * @param name a shape, or nothing for the measurement
 * @throws {Error} there is no such shape
 */
export function forceScan(name: string | undefined): void {
  if (!name || forced) return;
  const scan = shapes.find((shape) => shape === name);
  if (!scan)
    throw new Error(`scan: expected one of ${shapes.join(", ")}, got "${name}"; correct the variable`);
  forced = true;
  const { prototype } = Trainer;
  const compile = Object.getOwnPropertyDescriptor(prototype, "compile")?.value as Trainer["compile"];
  prototype.compile = async function (options) {
    await compile.call(this, { ...options, scan: options.scan ?? scan });
  };
}
