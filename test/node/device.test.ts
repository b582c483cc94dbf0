import { expect, test } from "vitest";
import { listNodeAdapters, requestNodeDevice } from "../../src/node/device";
import { getTestDevice } from "../support/adapter";
test("x", async () => {
  console.log(await listNodeAdapters());
  const d = await getTestDevice();
  console.log(d?.description, process.env.VK_DRIVER_FILES);
  await expect(requestNodeDevice({ adapter: "banana" })).rejects.toThrow("x");
});
