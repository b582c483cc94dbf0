import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestPage, type TestPage } from "../browser/driver";
import { loseDevices, type LossTally } from "../model/device-loss";
import { getTestDevice, launchChromium } from "../support/adapter";

const losses = 100;
const parts = 10;

function report(where: string, { lost, resumed }: LossTally): void {
  console.log(
    `${where}: ${lost.fit} devices lost in fit, ${lost.evaluate} in evaluate, ${lost.predict} in predict; ` +
      `${resumed} calls went on on another one, each to an undisturbed call's bits`,
  );
  expect(lost.fit + lost.evaluate + lost.predict).toBeGreaterThanOrEqual(losses);
}

describe(`${losses} devices lost at random moments`, () => {
  let page: TestPage | undefined;
  beforeAll(async () => {
    const browser = await launchChromium();
    if (browser) page = await openTestPage(browser);
  }, 120_000);
  afterAll(() => page?.close());

  test("in Node", async ({ skip }) => {
    const probe = await getTestDevice();
    if (!probe) return skip("no WebGPU adapter");
    probe.destroy();
    const request = async () => (await getTestDevice())!;
    report("Node", await loseDevices(request, losses));
  });

  test("in Chromium", async ({ skip }) => {
    if (!page) return skip("no Chromium");
    // In parts: the browser's driver waits only so long for a call.
    const total: LossTally = { lost: { fit: 0, evaluate: 0, predict: 0 }, resumed: 0 };
    for (let part = 0; part < parts; part++) {
      const { lost, resumed } = await page.run("loseDevices", losses / parts, part + 1);
      for (const call of ["fit", "evaluate", "predict"] as const) total.lost[call] += lost[call];
      total.resumed += resumed;
    }
    report("Chromium", total);
  });
});
