import { describe } from "vitest";
import { launchFirefox } from "../support/adapter";
import { describeGoldens, describeKernels, expectNoComplaints, useBrowser } from "./suite";

/** Another WGSL compiler (Naga) than Chromium's and Node's (Tint). */
describe("headless Firefox", () => {
  const page = useBrowser(launchFirefox);
  describeKernels(page);
  describeGoldens(page, { alternate: true });
  expectNoComplaints(page);
});
