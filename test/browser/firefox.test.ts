import { describe } from "vitest";
import { launchFirefox } from "../support/adapter";
import { describeGoldens, describeKernels, expectNoComplaints, useBrowser } from "./suite";

/** Another WGSL compiler (Naga) than Chromium's and Node's (Tint). */
describe("headless Firefox", () => {
  const page = useBrowser(launchFirefox);
  // Firefox looks for finished work ten times a second, so several tests wait at a time. All errors of a device are
  // found as ever, but the test that reports one may be another one that ran meanwhile.
  describe.concurrent("several at a time", () => {
    describeKernels(page);
    describeGoldens(page, { alternate: true });
  });
  expectNoComplaints(page);
});
