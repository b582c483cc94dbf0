import { reads, uniform, type Binding, type KernelDeclaration } from "../../runtime/kernel";
import { workgroups, type Grid, type GridOf } from "../../runtime/program";
import { segmentStruct, stepStruct, type StepField, type StepValues } from "./step";

/** A kernel that knows its grid. */
export interface SizedKernel extends KernelDeclaration {
  grid: GridOf<StepValues>;
}

/** Workgroups that hold so many invocations of a kernel. */
export const workgroupsFor = (invocations: number, workgroupSize: number): Grid =>
  workgroups(Math.ceil(invocations / workgroupSize));

/** What kernels read of the batch's plan is the same in all of them. */
const planBindings: Record<string, Binding> = {
  step: uniform("Step"),
  segments: reads("array<Segment>"),
  tokens: reads("array<u32>"),
  rowTokens: reads("array<u32>"),
  groupTasks: reads("array<u32>"),
  taskTokens: reads("array<u32>"),
  taskStarts: reads("array<u32>"),
  tokenRows: reads("array<u32>"),
  mask: reads("array<u32>"),
  labels: reads(),
  weights: reads("array<vec2f>"),
};

/** What makes a kernel. */
export interface KernelParts extends Omit<SizedKernel, "code"> {
  workgroupSize: number;
  /** WGSL functions and variables that the statements use. */
  declarations?: readonly string[];
  /** WGSL statements. */
  main: string;
}

/**
 * A kernel around the statements of its `main`. They find the workgroup's number in `group`, the invocation's number in
 * its workgroup in `lane`, and in the whole grid in `id`. Of the bindings, and those to the batch's plan, it has those
 * that its text uses.
 */
export function kernel({
  bindings,
  workgroupSize,
  declarations = [],
  main,
  ...named
}: KernelParts): SizedKernel {
  const code = /* wgsl */ `
${stepStruct}
${segmentStruct}
${declarations.join("\n")}

@compute @workgroup_size(${workgroupSize})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {
  let group = workgroup.x + workgroup.y * 65535u;
  let id = group * ${workgroupSize}u + lane;
${main}
}`;
  // An element of an array, or a field of a struct.
  const uses = (binding: string): boolean => new RegExp(`\\b${binding}(\\[|\\.\\w)`).test(code);
  const used = Object.entries({ ...planBindings, ...bindings }).filter(([binding]) => uses(binding));
  return { ...named, bindings: Object.fromEntries(used), code };
}

const elementsOfWorkgroup = 64;

/** What makes an element kernel. */
export interface ElementKernelParts extends Omit<KernelParts, "workgroupSize" | "grid"> {
  /** Rows of the matrix: as many as the step says, or a number that is always the same. */
  rows: StepField | number;
  /** Its columns; one unless given. */
  columns?: number;
}

/**
 * A kernel with an invocation for each element of a matrix. Its statements find the element's `row` and `column`, and in
 * `id` its number, row · columns + column.
 */
export function elementKernel({ rows, columns = 1, main, ...parts }: ElementKernelParts): SizedKernel {
  const counted = typeof rows === "string";
  return kernel({
    ...parts,
    grid: (sizes) => workgroupsFor((counted ? sizes[rows] : rows) * columns, elementsOfWorkgroup),
    workgroupSize: elementsOfWorkgroup,
    main: `  let row = id / ${columns}u;
  let column = id % ${columns}u;
  if (row >= ${counted ? `step.${rows}` : `${rows}u`}) { return; }
${main}`,
  });
}
