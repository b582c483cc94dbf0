import { expect } from "vitest";
import { compareWithTwins } from "../property/against-twins";
import { useDevice } from "../runtime/use-device";

const gpuTest = useDevice();

gpuTest("hundreds of random batches equal their float64 twins", async (device) => {
  const { nets, batches, largestError } = await compareWithTwins(device, 60, 8);
  expect([nets, batches]).toEqual([60, 480]);
  console.log(
    `${device.description}: ${nets} nets, ${batches} batches, largest error ${largestError.toExponential(1)}`,
  );
});
