import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { buildChild, killAtRandom } from "../kill/kills";
import { getTestDevice } from "../support/adapter";

test(
  "a training that is killed and resumed ends with the undisturbed run's bits",
  { timeout: 300_000 },
  async ({ skip }) => {
    const device = await getTestDevice();
    if (!device) return skip("no WebGPU adapter");
    device.destroy();
    const child = await buildChild();
    try {
      const { kills, ends } = await killAtRandom(child, { kills: 4, drafts: 0 }, 7);
      expect(kills).toBeGreaterThanOrEqual(4);
      expect(ends).toBeGreaterThan(0);
    } finally {
      rmSync(dirname(child), { recursive: true });
    }
  },
);
