import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ElementHandle } from "puppeteer";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { loadTextModel } from "../../src/node/text-model";
import { launchChromium } from "../support/adapter";
import { demoIn, Visit } from "./demo-page";

const demo = demoIn(launchChromium);
const tiny =
  "#tab=write&cell=simpleRNN&units=12&embedding=4&length=12&batchSize=4&learningRate=0.02&epochs=3&topK=1";
/** What it learns in no time: after each of three letters there is one that follows. */
const lesson = "abc".repeat(160);

describe("the demo's second tab in Chromium", () => {
  const folder = mkdtempSync(join(tmpdir(), "webgpu-rnn-text-"));
  let here: Visit;
  beforeAll(async () => {
    if (demo.browser) here = await Visit.begin(demo.browser, demo.site, { hash: tiny });
  });
  afterEach(() => expect(here?.complaints ?? []).toEqual([]));
  afterAll(async () => {
    await here?.end();
    rmSync(folder, { recursive: true });
  });

  it("is opened by its address, which follows its knobs", async ({ skip }) => {
    if (!demo.browser) return skip();
    await here.page.waitForSelector("#page-write:not([hidden])");
    await here.until("#gpu-text", /^(?!Looking)/);
    expect(await here.page.$eval("#write-units", (knob) => (knob as HTMLInputElement).value)).toBe("12");
    await here.turn("write-seed", "5");
    await here.turn("write-prompt", "ca & b");
    expect(await here.hash()).toMatch(/#tab=write&cell=simpleRNN&.*&seed=5&prompt=ca\+%26\+b&/);
    await here.page.focus("#tab-write");
    await here.page.keyboard.press("ArrowLeft");
    expect(await here.hash()).toMatch(/#data=sample&units=16&/);
    await here.page.keyboard.press("ArrowRight");
    expect(await here.hash()).toMatch(/#tab=write&cell=simpleRNN&units=12&.*&seed=5&prompt=ca\+%26\+b&/);
  });

  it("learns the text of a file, and writes it, without stutter", async ({ skip }) => {
    if (!demo.browser) return skip();
    const file = join(folder, "lesson.txt");
    writeFileSync(file, lesson);
    const input = (await here.page.$("#write-file")) as ElementHandle<HTMLInputElement>;
    await input.uploadFile(file);
    await here.until("#write-source", /^lesson\.txt, 480 characters$/);
    await here.turn("write-prompt", "");
    const tasks: number[] = [];
    while (tasks.length < 3 && !(Math.min(...tasks) < 100)) {
      await here.watch();
      await here.page.focus("#write-start");
      await here.page.keyboard.press("Enter");
      await here.until("#write-status", /^Training/);
      await here.until("#live", /Epoch 1 of 3: loss \d\.\d+\. It writes: [abc]+/);
      await here.until("#write-status", /^Done/);
      const { longest, moved } = await here.watched();
      expect(moved).toBeLessThan(0.01);
      tasks.push(longest);
    }
    // The best of three: the machine may have other things to do.
    expect(Math.min(...tasks)).toBeLessThan(100);
    const epochs = await here.rows("#write-epochs");
    expect(epochs.map(([epoch]) => epoch)).toEqual(["1", "2", "3"]);
    const losses = epochs.map(([, loss]) => Number(loss));
    expect(losses[2]).toBeLessThan(0.5 * losses[0]);
    // The prompt, the first letters of the lesson, ends in its first letter.
    expect(epochs[2][3].length).toBeGreaterThan(20);
    expect("bca".repeat(54)).toContain(epochs[2][3]);
    expect(epochs[2][3]).toMatch(/^bca/);
    expect(await here.text("#w-step")).toBe("10 / 10");
  });

  it("goes on from a prompt of one's own, in the manner of the knobs", async ({ skip }) => {
    if (!demo.browser) return skip();
    const written = async (manner: Record<string, string>): Promise<string> => {
      for (const [knob, value] of Object.entries(manner)) await here.turn(`write-${knob}`, value);
      await here.page.click("#write-go");
      await here.until("#write-text", new RegExp(`^${manner.prompt}[^]{80}`));
      return (await here.text("#write-text")).slice(0, 80);
    };
    const likeliest = await written({ prompt: "cab", topK: "1" });
    expect(likeliest).toBe("cab".repeat(30).slice(0, 80));
    const drawn = await written({ prompt: "cab", topK: "0", temperature: "5" });
    expect(drawn).not.toBe(likeliest);
    expect(await written({ prompt: "cab" })).toBe(drawn);
  });

  it("hands the net out as a file that the command line writes from", async ({ skip }) => {
    if (!demo.browser) return skip();
    const protocol = await here.page.createCDPSession();
    await protocol.send("Page.setDownloadBehavior", { behavior: "allow", downloadPath: folder });
    await here.page.click("#write-save");
    const bytes = () => readFileSync(join(folder, "text.safetensors"));
    await expect.poll(bytes, { timeout: 5000 }).toBeTruthy();
    const { model, tokenizer, prompt } = await loadTextModel(bytes());
    expect(tokenizer.decode(tokenizer.encode("abc"))).toBe("abc");
    expect(prompt).toBe("cab");
    expect(model.getConfig().layers.map(({ className }) => className)).toContain("SimpleRNN");
  });

  it("learns the text that comes with the page, with gates, until it is stopped", async ({ skip }) => {
    if (!demo.browser) return skip();
    await demo.visit(
      skip,
      async (other) => {
        await other.until("#gpu-text", /^(?!Looking)/);
        await other.page.click("#write-start");
        await other.until("#write-text", /^CHAPTER 1\. Loomings\.\s+Call me Ishmael\. [^]{5}/, 40_000);
        await other.until("#w-step", /\d/);
        await other.page.click("#write-pause");
        await other.until("#write-status", /^Paused/);
        const step = await other.text("#w-step");
        await other.page.evaluate("new Promise((resolve) => setTimeout(resolve, 500))");
        const paused = await other.text("#w-step");
        expect(Number.parseInt(paused, 10) - Number.parseInt(step, 10)).toBeLessThan(30);
        await other.page.click("#write-go");
        await other.until("#write-text", /Ishmael\. [^]{60}/);
        expect(await other.text("#w-step")).toBe(paused);
        await other.page.click("#write-pause");
        await other.until("#write-status", /^Training/);
        await other.page.click("#write-stop");
        await other.until("#write-status", /^Stopped/);
      },
      { hash: "#tab=write&units=8&embedding=4&length=16&batchSize=16&epochs=1000&characters=5000" },
    );
  });

  it("goes on by itself when the GPU is lost", async ({ skip }) => {
    if (!demo.browser) return skip();
    await demo.visit(
      skip,
      async (other) => {
        await other.until("#gpu-text", /^(?!Looking)/);
        await other.page.click("#write-start");
        await other.until("#live", /Epoch 1 of 40/);
        const protocol = await demo.browser?.target().createCDPSession();
        await protocol?.send("Browser.crashGpuProcess").catch(() => undefined);
        await other.until("#write-status", /GPU was lost/);
        await other.until("#live", /Epoch ([4-9]|\d\d) of 40/);
        const epochs = (await other.rows("#write-epochs")).map(([epoch]) => Number(epoch));
        expect(epochs).toEqual(epochs.map((_, i) => i + 1));
        await other.page.click("#write-stop");
        await other.until("#write-status", /^Stopped/);
        // Chromium itself reports the crash.
        other.complaints.length = 0;
      },
      { hash: "#tab=write&units=8&embedding=4&length=16&batchSize=16&epochs=40&characters=3000" },
    );
  });
});
