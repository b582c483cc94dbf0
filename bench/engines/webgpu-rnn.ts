import { rmsprop, type Device, type Sequential } from "webgpu-rnn";
import { rmspropSettings, rowsOf, type Job } from "../job";
import { jobModel } from "../model";
import { inWholeRounds, type Contestant, type Engine } from "./engine";

/** This library. Its work depends on how long the reviews are, so it always takes all of the job's. */
export function webgpuRnn(getDevice: () => Promise<Device>): Engine {
  return {
    async open(job) {
      const device = await getDevice();
      const model = jobModel(job);
      await model.setWeights(job.weights);
      await model.compile({
        optimizer: rmsprop(rmspropSettings),
        loss: "binaryCrossentropy",
        device,
        seed: 0,
      });
      return contestant(model, device, job);
    },
  };
}

function contestant(model: Sequential, device: Device, job: Job): Contestant {
  const { batchSize, batches } = job;
  const all = rowsOf(job, 0, batches * batchSize);
  return {
    device: device.gpu,
    probabilities: async () => (await model.predict(rowsOf(job, 0, batchSize).x, { batchSize })).data,
    async step(batch) {
      const { x, y } = rowsOf(job, batch * batchSize, batchSize);
      return (await model.trainOnBatch(x, y)).loss;
    },
    async train(steps) {
      const epochs = Math.max(1, Math.ceil(steps / batches));
      await model.fit(all.x, all.y, { batchSize, epochs, shuffle: false });
      return epochs * batches;
    },
    async forward(wanted) {
      const rounds = Math.max(1, Math.ceil(wanted / batches));
      for (let i = 0; i < rounds; i++) await model.predict(all.x, { batchSize });
      return rounds * batches;
    },
    single: (reviews) =>
      inWholeRounds(reviews, batchSize, (row) => model.predict(rowsOf(job, row, 1).x, { batchSize: 1 })),
    dispose: () => model.dispose(),
  };
}
