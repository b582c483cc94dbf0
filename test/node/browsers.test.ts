import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { launchChromium, launchFirefox } from "../support/adapter";
test.each([
  ["chromium", launchChromium],
  ["firefox", launchFirefox],
])("%s", async (_n, launch) => {
  const server = createServer((_q, r) =>
    r.setHeader("content-type", "text/html").end("<title>x</title>"),
  ).listen(0, "127.0.0.1");
  await new Promise((r) => server.once("listening", r));
  const t = performance.now();
  const browser = await launch();
  try {
    const page = await browser!.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const info = await page.evaluate(async () => {
      const a = await navigator.gpu.requestAdapter();
      return `${a?.info.vendor} ${a?.info.architecture} ${a?.info.description} ${a?.info.device}`;
    });
    console.log(info, performance.now() - t);
    expect(info).toContain("a");
  } finally {
    await browser?.close();
    server.close();
  }
});
