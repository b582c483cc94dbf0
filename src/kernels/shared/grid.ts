/** WGSL: this invocation's number in a grid made by `workgroups(count)`. */
export function linearId(workgroupSize: number): string {
  return `(workgroup.x + workgroup.y * 65535u) * ${workgroupSize}u + lane`;
}

/** WGSL: this workgroup's number in a grid made by `workgroups(count)`. */
export const linearWorkgroup = "workgroup.x + workgroup.y * 65535u";

/** WGSL: the parameters of `main` that `linearId` and `linearWorkgroup` use. */
export const gridParameters =
  "@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32";
