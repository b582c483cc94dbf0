import type { Device } from "./device";
import { describe, KernelError } from "./errors";
import type { Tensor } from "./tensor";

/** How a kernel uses a binding, and the WGSL type it sees. */
export interface Binding {
  access: "read" | "write" | "uniform";
  type: string;
}

export const reads = (type = "array<f32>"): Binding => ({ access: "read", type });
export const writes = (type = "array<f32>"): Binding => ({ access: "write", type });
export const uniform = (type: string): Binding => ({ access: "uniform", type });

/**
 * A kernel, declared once. From the declaration come the `@group/@binding` lines, the bind-group layout
 * and the pipeline; the same declaration always gives the same pipeline on one device.
 */
export interface KernelDeclaration {
  /** One name for file, label, twin and test. */
  name: string;
  /** The compile-time constants that the text was made with; they identify the variant. */
  constants: Readonly<Record<string, string | number | boolean>>;
  bindings: Readonly<Record<string, Binding>>;
  /** WGSL: structs, functions and `@compute fn main`. */
  code: string;
}

/** A compiled kernel. */
export class Kernel {
  readonly layout: GPUBindGroupLayout;
  readonly pipeline: Promise<GPUComputePipeline>;

  private constructor(
    readonly device: Device,
    readonly declaration: KernelDeclaration,
  ) {
    this.layout = device.gpu.createBindGroupLayout({
      label: this.label,
      entries: Object.values(declaration.bindings).map(({ access }, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: accesses[access].type },
      })),
    });
    this.pipeline = this.#compile();
    // Whoever runs the kernel awaits the pipeline and gets the error; nobody may be waiting yet.
    this.pipeline.catch(() => undefined);
  }

  /** The kernel of a declaration on a device, compiled at the first call. */
  static of(device: Device, declaration: KernelDeclaration): Kernel {
    const key = `${declaration.name} ${JSON.stringify(declaration.constants)}`;
    return device.cached(key, () => new Kernel(device, declaration));
  }

  get label(): string {
    const flags = Object.entries(this.declaration.constants).map(([name, value]) => `${name}=${value}`);
    return flags.length > 0 ? `${this.declaration.name}<${flags.join(" ")}>` : this.declaration.name;
  }

  /** The whole WGSL text: generated bindings first, then the kernel's own code. */
  get source(): string {
    return `${bindingLines(this.declaration.bindings)}\n${this.declaration.code}`;
  }

  /**
   * Binds tensors by name.
   *
   * @throws {KernelError} a name is missing or not declared.
   */
  bind(tensors: Readonly<Record<string, Tensor>>): GPUBindGroup {
    const { bindings } = this.declaration;
    const names = Object.keys(bindings);
    const problems = [
      ...names.filter((name) => !(name in tensors)).map((name) => `no tensor for "${name}"`),
      ...Object.keys(tensors)
        .filter((name) => !(name in bindings))
        .map((name) => `a tensor for "${name}", which it does not declare`),
    ];
    if (problems.length > 0) {
      throw new KernelError(
        describe(
          `kernel ${this.declaration.name}`,
          `tensors for ${names.join(", ")}`,
          problems.join(" and "),
          `pass exactly the declared names`,
        ),
      );
    }
    return this.device.gpu.createBindGroup({
      label: this.label,
      layout: this.layout,
      entries: names.map((name, binding) => ({
        binding,
        resource: bindings[name].type.includes("vec4") ? tensors[name].paddedBinding : tensors[name].binding,
      })),
    });
  }

  async #compile(): Promise<GPUComputePipeline> {
    const { gpu } = this.device;
    const module = gpu.createShaderModule({ label: this.label, code: this.source });
    try {
      return await gpu.createComputePipelineAsync({
        label: this.label,
        layout: gpu.createPipelineLayout({ label: this.label, bindGroupLayouts: [this.layout] }),
        compute: { module, entryPoint: "main" },
      });
    } catch (cause) {
      this.device.assertAlive(`kernel ${this.declaration.name}`);
      const { messages } = await module.getCompilationInfo();
      const found = messages.map(({ lineNum, message }) => `line ${lineNum}: ${message}`);
      const got = [...found, String(cause)].join("\n");
      const remedy = `report it with this source:\n${numbered(this.source)}`;
      throw new KernelError(describe(`kernel ${this.label}`, "a shader that compiles", got, remedy), {
        cause,
      });
    }
  }
}

/** How a bind-group layout and WGSL call each access. */
const accesses: Record<Binding["access"], { type: GPUBufferBindingType; space: string }> = {
  read: { type: "read-only-storage", space: "storage, read" },
  write: { type: "storage", space: "storage, read_write" },
  uniform: { type: "uniform", space: "uniform" },
};

function bindingLines(bindings: KernelDeclaration["bindings"]): string {
  const lines = Object.entries(bindings).map(
    ([name, { access, type }], i) =>
      `@group(0) @binding(${i}) var<${accesses[access].space}> ${name}: ${type};`,
  );
  return lines.join("\n");
}

/** Source with line numbers, as compilers count them. */
export function numbered(source: string): string {
  return source
    .split("\n")
    .map((line, i) => `${String(i + 1).padStart(4)}  ${line}`)
    .join("\n");
}
