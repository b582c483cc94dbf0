import { expect } from "vitest";
import { useDevice } from "../runtime/use-device";
import { compareWithTwins } from "./against-twins";

const gpuTest = useDevice();

gpuTest("random nets on random batches equal their float64 twins", async (device) => {
  expect(await compareWithTwins(device, 6, 8)).toMatchObject({ nets: 6, batches: 48 });
});
