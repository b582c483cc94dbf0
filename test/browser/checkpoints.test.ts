import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "puppeteer";
import { describe, expect, test } from "vitest";
import { launchChromium, launchFirefox } from "../support/adapter";
import { uniformStream } from "../support/random";
import type { CheckpointedTraining } from "./checkpointed";
import { openTestPage } from "./driver";
import { serveTests } from "./server";

/** Browsers are started again and again. */
const timeout = 300_000;
const storages = ["opfs", "indexeddb"] as const;

describe("checkpoints in the browser", () => {
  for (const storage of storages) {
    test(`Chromium, ${storage}: a killed browser, started again, goes on to the undisturbed bits`, async ({
      skip,
    }) => {
      const profile = mkdtempSync(join(tmpdir(), "profile-"));
      const server = await serveTests();
      const launch = () => launchChromium({ args: [`--user-data-dir=${profile}`] });
      try {
        const first = await launch();
        if (!first) return skip("no Chromium");
        const page = await openTestPage(first, server);
        const undisturbed = await page.run("checkpointedTraining");
        expect(await page.run("emptyStore", storage)).toBe(true);
        await page.close();

        const ended = await trainThroughKills(launch, server, storage, 2);
        expect(ended).toEqual({ ...undisturbed, resumedFrom: ended.resumedFrom });
        expect(ended.resumedFrom).toBeGreaterThan(2);
      } finally {
        await server.close();
        rmSync(profile, { recursive: true, force: true });
      }
    });
  }

  test("Firefox: both storages keep a finished training", { timeout }, async ({ skip }) => {
    const browser = await launchFirefox();
    if (!browser) return skip("no Firefox");
    const page = await openTestPage(browser);
    try {
      const undisturbed = await page.run("checkpointedTraining");
      for (const storage of storages) {
        expect(await page.run("emptyStore", storage)).toBe(true);
        expect(await page.run("checkpointedTraining", storage)).toEqual(undisturbed);
        const again = await page.run("checkpointedTraining", storage);
        expect(again).toEqual({ ...undisturbed, resumedFrom: undisturbed.iterations });
      }
    } finally {
      await page.close();
    }
  });
});

/** Kills the browser at random moments while checkpoints are written, then lets the training end. */
async function trainThroughKills(
  launch: () => Promise<Browser | undefined>,
  server: Awaited<ReturnType<typeof serveTests>>,
  storage: (typeof storages)[number],
  kills: number,
): Promise<CheckpointedTraining> {
  const uniform = uniformStream(11);
  for (let killed = 0; ; killed++) {
    const browser = await launch();
    if (!browser) throw new Error("Chromium started before, and does no more");
    const page = await openTestPage(browser, server);
    if (killed < kills) await killWhileSaving(browser, 2 + Math.floor(uniform() * 4), 5 * uniform());
    const ended = await page.run("checkpointedTraining", storage).catch(() => undefined);
    if (ended) {
      await page.close();
      return ended;
    }
  }
}

/** Kills the browser so many ms after its page has begun to write the n-th checkpoint. */
async function killWhileSaving(browser: Browser, count: number, delay: number): Promise<void> {
  const page = (await browser.pages()).at(-1);
  let saved = 0;
  page?.on("console", (message) => {
    if (message.text() !== "saving" || ++saved !== count) return;
    setTimeout(() => browser.process()?.kill("SIGKILL"), delay);
  });
}
