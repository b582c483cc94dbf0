import { describe, expect } from "vitest";
import { getTestDevice, launchChromium } from "../support/adapter";
import { assertClose } from "../support/assert";
import { hasShared } from "../support/shared-files";
import { tolerances } from "../support/tolerances";
import { shortTraining } from "../model/training";
import {
  describeGoldens,
  describeKernels,
  describeReferences,
  expectNoComplaints,
  pageTest,
  useBrowser,
} from "./suite";

describe("headless Chromium", () => {
  const page = useBrowser(launchChromium);
  describeKernels(page);
  describeGoldens(page);
  describeReferences(page);

  pageTest(
    "the same short training gives the same figures as in Node, to rounding",
    page,
    async ({ run }, { skip }) => {
      const device = await getTestDevice();
      if (!device) return skip("no WebGPU adapter in Node");
      for (const scan of ["narrow", "wide"] as const) {
        const inNode = await shortTraining(device, scan);
        const inPage = await run("shortTraining", scan);
        assertClose(inPage.loss, inNode.loss, tolerances.goldenFit, `loss, ${scan}`);
        assertClose(inPage.val_loss, inNode.val_loss, tolerances.goldenFit, `val_loss, ${scan}`);
        assertClose([inPage.test.loss], [inNode.test.loss], tolerances.goldenFit, `test loss, ${scan}`);
      }
      device.destroy();
    },
  );

  pageTest(
    "a training in a tab that is hidden and frozen on the way ends with the same figures",
    page,
    async (tab) => {
      const undisturbed = await tab.run("shortTraining", "wide");
      const training = tab.run("shortTraining", "wide");
      await tab.freeze(1500);
      expect(await training).toEqual(undisturbed);
    },
  );

  pageTest("calls whose devices are lost go on on others, with the same bits", page, async ({ run }) => {
    const { lost, resumed } = await run("loseDevices", 4);
    expect(lost.fit + lost.evaluate + lost.predict).toBeGreaterThanOrEqual(4);
    expect(resumed).toBeGreaterThan(0);
  });

  const sources = hasShared("imdb/imdb.npz") ? ["/shared/imdb", undefined] : [undefined];
  for (const data of sources) {
    pageTest(
      `the README's script, with ${data ? "IMDB from a URL" : "the sample corpus"}`,
      page,
      async ({ run }) => {
        const { summary, history, test } = await run("keras", data);
        expect(summary).toMatch(/Trainable params: 8,145 /);
        expect(Object.keys(history)).toEqual(["loss", "acc", "val_loss", "val_acc"]);
        expect(history.loss[0]).toBeGreaterThan(0.3);
        expect(history.loss[0]).toBeLessThan(1);
        expect(test.acc).toBeGreaterThan(0.3);
      },
    );
  }

  expectNoComplaints(page);
});
