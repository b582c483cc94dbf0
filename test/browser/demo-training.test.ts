import { describe, expect, it } from "vitest";
import { launchChromium } from "../support/adapter";
import { demoIn, hdf5Writer, percentOf, type Visit } from "./demo-page";

const demo = demoIn(launchChromium);

/** Trained in no time, where it does not matter what it learns. */
const smallNet = "#units=4&embedding=4&maxlen=40";

/** The table has a row for each kernel of a step, or says why it has none. */
async function expectKernelTimes(here: Visit): Promise<void> {
  const rows = await here.rows("#kernel-table");
  const note = await here.text("#kernel-note");
  if (rows.length === 0) return expect(note).toMatch(/no GPU time stamps/);
  expect(rows.map(([kernel]) => kernel)).toContain("scanBackward");
  expect(rows.at(-1)?.[0]).toBe("optimizer");
  const sum = rows.reduce((all, [, time]) => all + Number.parseFloat(time), 0);
  expect(sum).toBeGreaterThan(0);
  const shares = rows.reduce((all, [, , share]) => all + percentOf(share), 0);
  expect(Math.abs(shares - 100)).toBeLessThanOrEqual(rows.length / 2);
  expect(note).toContain(" in all, ");
}

describe("a training in Chromium", () => {
  it("takes its first step within 5 s of the click", async ({ skip }) => {
    const times: number[] = [];
    for (let attempt = 0; attempt < 3 && !(Math.min(...times) < 5000); attempt++) {
      await demo.visit(skip, async (here) => {
        await here.ready();
        const clicked = Date.now();
        await here.page.click("#start");
        await here.until("#f-step", /\d/);
        times.push(Date.now() - clicked);
      });
    }
    // The best of three: the machine may have other things to do.
    if (demo.browser) expect(Math.min(...times)).toBeLessThan(5000);
  });

  it("is begun, paused, stepped and stopped by keyboard alone", async ({ skip }) => {
    await demo.visit(
      skip,
      async (here) => {
        await here.ready();
        await here.tabTo("start");
        await here.page.keyboard.press("Enter");
        await here.until("#f-step", /\d/);
        await here.tabTo("pause");
        await here.page.keyboard.press("Space");
        await here.until("#status", /^Paused/);
        await here.tabTo("step");
        await here.page.keyboard.press("Enter");
        await here.tabTo("stop");
        await here.page.keyboard.press("Space");
        await here.until("#status", /^Stopped/);
        await here.tabTo("reset");
        await here.page.keyboard.press("Enter");
        expect(await here.hash()).toContain("epochs=4");
      },
      { hash: `${smallNet}&epochs=90` },
    );
  });

  it("needs no network once the page is loaded, on either tab", async ({ skip }) => {
    await demo.visit(
      skip,
      async (here) => {
        await here.ready();
        await here.page.waitForSelector("html[data-complete]");
        await here.page.setOfflineMode(true);
        await here.page.click("#start");
        await here.until("#status", /^Done/);
        await here.page.click("#tab-write");
        await here.turn("write-characters", "4000");
        await here.page.click("#write-start");
        await here.until("#w-step", /\d/);
      },
      { hash: `${smallNet}&epochs=1&batchSize=100` },
    );
  });

  it("trains to over 80 % without stutter, and two runs compare", async ({ skip }) => {
    await demo.visit(
      skip,
      async (here) => {
        await here.ready();
        await here.watch();
        await here.page.click("#start");
        await here.until("#live", /Epoch 1 of 2: validation accuracy/);
        await here.until("#status", /^Done/);
        expect(percentOf(await here.text("#f-val"))).toBeGreaterThan(80);
        const { longest, moved } = await here.watched();
        expect(longest).toBeLessThan(100);
        expect(moved).toBeLessThan(0.01);
        expect(await here.text("#net-name")).toBe("Run 1, trained");
        await expectKernelTimes(here);
        await here.turn("knob-units", "8");
        await here.turn("knob-maxlen", "40");
        expect(await here.hash()).toContain("units=8&embedding=16&maxlen=40&");
        await here.page.click("#start");
        await here.until("#status", /^Training/);
        await here.until("#status", /^Done/);
        const runs = await here.rows("#runs");
        expect(runs.map(([name]) => name)).toEqual(["Run 2", "Run 1", "Recorded"]);
        expect(runs[0][1]).toBe("sample, units 8, words read 40");
        await here.openDetails("#epoch-table");
        const epochs = (await here.rows("#epoch-table")).map(([name, epoch]) => `${name} ${epoch}`);
        expect(epochs.slice(0, 4)).toEqual(["Run 2 1", "Run 2 2", "Run 1 1", "Run 1 2"]);
        expect(here.files.filter((name) => name.startsWith(hdf5Writer))).toEqual([]);
      },
      { hash: "#epochs=2" },
    );
  });

  it("pauses, steps, and goes on after a reload as if it had never stopped", async ({ skip }) => {
    await demo.visit(
      skip,
      async (here) => {
        await here.ready();
        await here.page.click("#start");
        await here.until("#status", /^Done/);
        await here.page.click("#step");
        await here.until("#status", /^Paused/);
        await here.page.click("#step");
        await here.until("#f-step", /^1 \//);
        await here.page.click("#pause");
        await here.until("#f-step", /^[2-9]|^1\d/);
        await here.page.click("#pause");
        await here.until("#status", /^Paused/);
        await here.page.evaluate("new Promise((resolve) => setTimeout(resolve, 600))");
        const [stopped, steps] = (await here.text("#f-step")).split(" / ").map(Number);
        // The pause may come as late as an epoch's end; of six, not the last one's.
        const next = (stopped % steps) + 1;
        await here.page.click("#step");
        await here.until("#f-step", new RegExp(`^${next} /`));
        await here.page.evaluate("new Promise((resolve) => setTimeout(resolve, 400))");
        await here.reload();
        await here.until("#notice", new RegExp(`Run 2 stands at epoch \\d of 6, step ${next}`));
        await here.page.click("#go-on");
        await here.until("#status", /^Done/);
        await here.openDetails("#epoch-table");
        const figures = (await here.rows("#epoch-table")).map(([name, ...rest]) => ({ name, rest }));
        const of = (run: string) => figures.filter(({ name }) => name === run).map(({ rest }) => rest);
        expect(of("Run 2")).toHaveLength(6);
        expect(of("Run 2")).toEqual(of("Run 1"));
      },
      { hash: `${smallNet}&epochs=6&batchSize=64` },
    );
  });

  it("goes on by itself when the GPU is lost", async ({ skip }) => {
    await demo.visit(
      skip,
      async (here) => {
        await here.ready();
        await here.page.click("#start");
        await here.until("#live", /Epoch 1 of 6/);
        const protocol = await demo.browser?.target().createCDPSession();
        await protocol?.send("Browser.crashGpuProcess").catch(() => undefined);
        await here.until("#live", /GPU was lost/);
        await here.until("#live", /Epoch [3-6] of 6/);
        await here.page.click("#stop");
        await here.until("#status", /^Stopped/);
        // Chromium itself reports the crash.
        here.complaints.length = 0;
      },
      { hash: `${smallNet}&epochs=6&batchSize=64` },
    );
  });
});
