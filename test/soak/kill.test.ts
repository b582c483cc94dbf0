import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { buildChild, killAtRandom } from "../kill/kills";
import { getTestDevice } from "../support/adapter";

const kills = 100;
/** Kills in the middle of a file's writing. */
const drafts = 6;

test(`a training that is killed ${kills} times at random moments loses nothing`, async ({ skip }) => {
  const device = await getTestDevice();
  if (!device) return skip("no WebGPU adapter");
  device.destroy();
  const child = await buildChild();
  try {
    const tally = await killAtRandom(child, { kills, drafts }, 1);
    console.log(
      `${tally.kills} kills (${tally.drafts} in the middle of a file's writing, ${tally.early} before the first ` +
        `checkpoint), ${tally.ends} trainings to the end, each with the undisturbed run's bits`,
    );
    expect(tally.kills).toBeGreaterThanOrEqual(kills);
    expect(tally.drafts).toBeGreaterThanOrEqual(drafts);
  } finally {
    rmSync(dirname(child), { recursive: true });
  }
});
