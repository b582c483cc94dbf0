import { describe } from "vitest";
import { launchChromium } from "../support/adapter";
import { assertClose } from "../support/assert";
import { hasShared, readShared } from "../support/shared-files";
import { expectNoComplaints, pageTest, useBrowser } from "./suite";

interface Model {
  inputs: number[][];
  predict: number[][];
}

function kerasModel(name: string): Model {
  const text = new TextDecoder().decode(readShared("keras-files/expected.json"));
  return (JSON.parse(text) as { models: Record<string, Model> }).models[name];
}

/** The distance that the engine may have from Keras's float32, as in test/io/keras-files.test.ts. */
const closeness = 2e-6;

describe("model files in headless Chromium", () => {
  const page = useBrowser(launchChromium);

  for (const format of ["safetensors", "keras", "h5"] as const) {
    pageTest(`${format}: saved, and loaded from a File`, page, ({ run }) => run("roundTripOfFile", format));
  }

  describe.skipIf(!hasShared("keras-files"))("Keras's own, from a File (../shared/keras-files)", () => {
    for (const name of ["c_lstm", "d_gru_reset_after", "e_bi_lstm"]) {
      for (const extension of ["keras", "h5"]) {
        pageTest(`${name}.${extension}`, page, async ({ run }) => {
          const { inputs, predict } = kerasModel(name);
          const data = await run("predictByFile", `keras-files/${name}.${extension}`, inputs);
          assertClose(data, predict.flat(), closeness, name);
        });
      }
    }

    pageTest("from an address", page, async ({ run }) => {
      const { inputs, predict } = kerasModel("c_lstm");
      const data = await run("predictByAddress", "keras-files/c_lstm.keras", inputs);
      assertClose(data, predict.flat(), closeness, "c_lstm");
    });
  });

  expectNoComplaints(page);
});
