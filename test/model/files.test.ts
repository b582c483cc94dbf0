import { beforeAll, describe, test } from "vitest";
import type { Device } from "../../src/index";
import type { ScanShape } from "../../src/kernels/scan";
import { getSharedDevice } from "../support/adapter";
import { engineLayers } from "../support/engine";
import { parseGolden, parseReference } from "../support/goldens";
import { hasShared, listShared, readShared } from "../support/shared-files";
import { checkGolden, checkReference } from "./checks";

let device: Device | undefined;
beforeAll(async () => {
  device = await getSharedDevice();
});

const shapes: ScanShape[] = ["narrow", "wide"];

describe.skipIf(!hasShared("keras-goldens"))("the engine against Keras (../shared/keras-goldens)", () => {
  const goldens = listShared("keras-goldens", ".safetensors")
    .map((file) => parseGolden(readShared(`keras-goldens/${file}`)))
    .filter(({ layers }) => layers.every(({ type }) => engineLayers.has(type)));
  for (const golden of goldens) {
    test.for(shapes)(`${golden.name}, %s`, async (scan, { skip }) => {
      if (!device) return skip("no WebGPU adapter");
      await checkGolden(device, golden, scan);
    });
  }
});

describe.skipIf(!hasShared("reference"))("the engine against float64 PyTorch (../shared/reference)", () => {
  for (const file of listShared("reference", ".safetensors")) {
    const imdb = file.includes("imdb");
    const reference = parseReference(readShared(`reference/${file}`));
    for (const scan of reference.units > 64 ? (["wide"] as const) : shapes) {
      test(`${file}, ${scan}`, { timeout: 120_000 }, async ({ skip }) => {
        if (!device) return skip("no WebGPU adapter");
        await checkReference(device, reference, scan, imdb);
      });
    }
  }
});
