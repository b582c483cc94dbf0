import { assignSlots, assignSlotsSize } from "../../src/kernels/assign-slots";
import { kernelTolerance } from "../support/tolerances";
import { assertOutputs, invocations, kernelCase, runKernel, type KernelCase } from "./harness";
import { staleSlots, tokenGroups } from "./token-groups";

function slotCase(distinct: number): KernelCase {
  return kernelCase(`assignSlots: ${distinct} tokens`, async (device) => {
    const vocabulary = 2 * distinct + 3;
    const counts = Array.from({ length: distinct }, (_, d) => 1 + (d % 3) * 70);
    const { tokens, groupTasks, taskTokens, slots } = tokenGroups(counts, vocabulary, 1);
    const actual = await runKernel(device, assignSlots(), {
      sizes: { distinct },
      inputs: { groupTasks, taskTokens },
      outputs: { slots: staleSlots(tokens, vocabulary) },
      grid: invocations(distinct, assignSlotsSize),
    });
    assertOutputs(actual, { slots }, kernelTolerance(1));
  });
}

export const cases: KernelCase[] = [1, 2, 63, 65].map(slotCase);
