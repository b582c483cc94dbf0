import { describe, expect, test } from "vitest";
import { csvLogger, earlyStopping, modelCheckpoint, reduceLROnPlateau } from "../../src/index";
import type { Callback, CallbackModel } from "../../src/index";

/** Figures that improve, worsen and improve again. */
const losses = [5, 4, 4.5, 4.2, 3.9, 4.4, 4.6, 3];

function fakeModel(): CallbackModel {
  return {
    stopTraining: false,
    learningRate: 1,
    getWeights: () => Promise.resolve([{ name: "w", shape: [1], data: Float32Array.of(1) }]),
    setWeights: () => Promise.resolve(),
  };
}

/** Runs epochs from `begin` to `end`, on a model whose rate is handed on. */
async function epochs(callback: Callback, model: CallbackModel, begin: number, end: number): Promise<void> {
  callback.setModel?.(model);
  for (let epoch = begin; epoch < end; epoch++) {
    await callback.onEpochBegin?.(epoch);
    for (const batch of [1, 3]) await callback.onBatchEnd?.(batch, { loss: losses[epoch] });
    await callback.onEpochEnd?.(epoch, { loss: losses[epoch], val_loss: losses[epoch] });
  }
}

/** Makes a callback that notes what it does, and the notes. */
type Make = (notes: string[]) => Callback;

const makers: Record<string, Make> = {
  earlyStopping: () => earlyStopping({ patience: 3, restoreBestWeights: true }),
  reduceLROnPlateau: () => reduceLROnPlateau({ patience: 2, cooldown: 1 }),
  "modelCheckpoint, the best only": (notes) =>
    modelCheckpoint({ saveBestOnly: true, save: ({ epoch }) => void notes.push(`epoch ${epoch}`) }),
  "modelCheckpoint, every third batch": (notes) =>
    modelCheckpoint({ saveFreq: 3, save: ({ epoch, batch }) => void notes.push(`${epoch}.${batch}`) }),
  csvLogger: (notes) => csvLogger({ write: (line) => void notes.push(line) }),
};

describe("a callback made anew that gets the state of an earlier one does what that one would have done", () => {
  for (const [name, make] of Object.entries(makers)) {
    test(name, async () => {
      for (let cut = 1; cut < losses.length; cut++) {
        const wholeNotes: string[] = [];
        const whole = make(wholeNotes);
        const wholeModel = fakeModel();
        await whole.onTrainBegin?.();
        await epochs(whole, wholeModel, 0, losses.length);

        const notes: string[] = [];
        const model = fakeModel();
        const first = make(notes);
        await first.onTrainBegin?.();
        await epochs(first, model, 0, cut);
        const state = structuredClone(first.saveState?.());
        const second = make(notes);
        second.setModel?.(model);
        await second.onTrainBegin?.();
        await second.restoreState?.(state);
        await epochs(second, model, cut, losses.length);

        expect(notes, `cut after ${cut}`).toEqual(wholeNotes);
        expect(model.learningRate).toBe(wholeModel.learningRate);
        expect(model.stopTraining).toBe(wholeModel.stopTraining);
        expect(second.saveState?.()).toEqual(whole.saveState?.());
      }
    });
  }
});
