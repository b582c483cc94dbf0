/** What the page can compute with, and what to tell about it. */
export interface GpuStatus {
  state: "ready" | "software" | "none";
  /** For the pill: the adapter, or what is missing, in a few words. */
  name: string;
  /** For the notice: what is the matter, and what to do; empty where all is well. */
  title: string;
  advice: string;
}

const meanwhile =
  "Until then the page reads reviews on the processor with the net that comes with it, and plays a recorded training.";

const missing = (name: string, title: string, advice: string): GpuStatus => ({
  state: "none",
  name,
  title,
  advice: `${advice} ${meanwhile}`,
});

/** WebGPU's own least limits, which the kernels need; an adapter of a compatibility mode may have less. */
const leastLimits = {
  maxStorageBuffersPerShaderStage: 8,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupStorageSize: 16_384,
  maxStorageBufferBindingSize: 2 ** 27,
} as const;

/** Finds out what this browser on this machine can do, with one message for each way it can fail. */
export async function examineGpu(): Promise<GpuStatus> {
  const gpu = (navigator as { gpu?: GPU }).gpu;
  if (!window.isSecureContext) {
    return missing(
      "Insecure page",
      "This page came over plain http, where browsers allow no WebGPU.",
      "Open it over https, or from localhost.",
    );
  }
  if (!gpu) {
    return missing(
      "No WebGPU",
      "This browser has no WebGPU.",
      "Use Chrome or Edge 113, Safari 26 or Firefox 141, or any later version.",
    );
  }
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (!adapter) {
    return missing(
      "No adapter",
      "This browser has WebGPU, but found no graphics adapter to run it on.",
      "Update the graphics driver and switch hardware acceleration on in the browser's settings.",
    );
  }
  const low = Object.entries(leastLimits).find(
    ([name, least]) => Number(adapter.limits[name as keyof typeof leastLimits]) < least,
  );
  if (low) {
    const [name, least] = low;
    const got = adapter.limits[name as keyof typeof leastLimits];
    return missing(
      "Limits too low",
      `This graphics adapter allows too little: ${name} is ${got}, the kernels need ${least}.`,
      "Update the graphics driver, or choose the machine's other GPU.",
    );
  }
  if (!isSoftware(adapter.info)) {
    return { state: "ready", name: nameOf(adapter.info), title: "", advice: "" };
  }
  const name = `Software: ${adapter.info.architecture || nameOf(adapter.info)}`;
  return {
    state: "software",
    name,
    title: "This adapter is software: all results are right, only slower.",
    advice: "For a GPU, switch hardware acceleration on in the browser's settings.",
  };
}

function nameOf({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  const parts = [vendor, architecture, description || device].filter((part) => part !== "");
  return parts.join(" · ") || "GPU";
}

function isSoftware(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(nameOf(info));
}
