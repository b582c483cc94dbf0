import { describe, expect, it } from "vitest";
import { launchFirefox } from "../support/adapter";
import { demoIn } from "./demo-page";

const demo = demoIn(launchFirefox);

describe("the demo in Firefox", () => {
  it("scores a review, and trains to over 80 %", async ({ skip }) => {
    await demo.visit(
      skip,
      async (here) => {
        await here.until("#check", /GPU 0\.\d+, processor 0\.\d+: they agree/);
        await here.page.click("#start");
        await here.until("#status", /^Done/, 50_000);
        expect(Number.parseFloat(await here.text("#f-val"))).toBeGreaterThan(80);
      },
      { hash: "#epochs=2&batchSize=100&learningRate=0.01&maxlen=50&units=8&embedding=8" },
    );
  });
});
