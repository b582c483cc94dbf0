/** What tests ask of adapters instead of what the engine asks; in Node and in browser pages alike. */
export const deviceVariants = {
  /** The limits that every adapter has, and no optional feature. */
  minimum: () => ({ requiredFeatures: [], requiredLimits: {} }),
  /** No optional feature. */
  bare: (asked: GPUDeviceDescriptor) => ({ ...asked, requiredFeatures: [] }),
  /** Every optional feature that kernels might use; a test that asks for the minimum gets it. */
  full: (asked: GPUDeviceDescriptor, { features }: GPUAdapter) => ({
    ...asked,
    requiredFeatures: asksForLimits(asked) ? optionalFeatures.filter((feature) => features.has(feature)) : [],
  }),
} as const satisfies Record<string, (asked: GPUDeviceDescriptor, adapter: GPUAdapter) => GPUDeviceDescriptor>;

export type DeviceVariant = keyof typeof deviceVariants;

const optionalFeatures: GPUFeatureName[] = ["timestamp-query", "subgroups", "shader-f16"];

function asksForLimits({ requiredLimits }: GPUDeviceDescriptor): boolean {
  return Object.keys(requiredLimits ?? {}).length > 0;
}

let applied = false;

/**
 * From here on, devices are asked for as a variant has it.
 *
 * @param name a variant, or nothing for devices as the engine asks for them
 * @throws {Error} there is no such variant
 */
export function applyDeviceVariant(name: string | undefined): void {
  if (!name || applied) return;
  const variant = Object.entries(deviceVariants).find(([key]) => key === name)?.[1];
  if (!variant) {
    const names = Object.keys(deviceVariants).join(", ");
    throw new Error(`device variant: expected one of ${names}, got "${name}"; correct the variable`);
  }
  applied = true;
  const { prototype } = GPUAdapter;
  const request = Object.getOwnPropertyDescriptor(prototype, "requestDevice")?.value as Request;
  prototype.requestDevice = function (this: GPUAdapter, asked: GPUDeviceDescriptor = {}) {
    return request.call(this, variant(asked, this));
  };
}

type Request = (this: GPUAdapter, descriptor?: GPUDeviceDescriptor) => Promise<GPUDevice>;
