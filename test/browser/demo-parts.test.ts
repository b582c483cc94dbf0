import { describe, expect, it } from "vitest";
import { ticksBetween } from "../../demo/charts";
import { memory, neighbours, read, type Net } from "../../demo/explain";
import { Pace } from "../../demo/pace";
import { hashOf, presets, settingsFromHash } from "../../demo/settings";
import { textService } from "../../demo/text-data";
import { shuffled } from "../../demo/trainer";
import { writeHashOf, writePreset, writeSettingsFromHash } from "../../demo/write-settings";
import { randomValues } from "../support/random";

const sizes = { vocabularySize: 7, width: 3, units: 4 };

function randomNet(activation: Net["activation"], maskZero = false): Net {
  let seed = 5;
  const weights = (count: number) => randomValues(count, seed++, 0.8);
  const { vocabularySize: V, width: E, units: U } = sizes;
  return {
    ...sizes,
    activation,
    maskZero,
    embeddings: weights(V * E),
    kernel: weights(E * U),
    recurrentKernel: weights(U * U),
    bias: weights(U),
    denseKernel: weights(U),
    denseBias: 0.1,
  };
}

const logit = (probability: number): number => Math.log(probability / (1 - probability));
const last = (values: Float32Array): number => values[values.length - 1];
const ids = [0, 0, 1, 4, 2, 6, 3];

describe("what the page computes on the processor", () => {
  it.each(["tanh", "sigmoid", "linear"] as const)("shares add up to the logit: %s", (activation) => {
    const net = randomNet(activation);
    const { probabilities, influence } = read(net, ids);
    const empty = read(
      net,
      ids.map(() => 0),
    ).probabilities;
    const sum = influence.reduce((total, share) => total + share, 0);
    expect(Math.abs(sum)).toBeGreaterThan(0.05);
    expect(sum).toBeCloseTo(logit(last(probabilities)) - logit(last(empty)), 2);
    expect([...influence.subarray(0, 2)]).toEqual([0, 0]);
  });

  it("a masked step changes nothing", () => {
    const net = randomNet("tanh", true);
    const padded = read(net, ids);
    const bare = read(net, ids.slice(2));
    expect(last(padded.probabilities)).toBe(last(bare.probabilities));
    expect([...padded.states.subarray(0, 2 * sizes.units)].every((value) => value === 0)).toBe(true);
  });

  it.each(["tanh", "relu", "sigmoid"] as const)(
    "the memory curve is the gradient's length: %s",
    (activation) => {
      const net = randomNet(activation);
      const review = [0, 1, 4, 2, 6, 3];
      const curve = memory(net, [review]);
      expect(curve).toHaveLength(5);
      // Central differences by the embedding of token 2, which stands two words before the end.
      const { width } = sizes;
      const moved = (e: number, by: number): number => {
        const embeddings = net.embeddings.slice();
        embeddings[2 * width + e] += by;
        return logit(last(read({ ...net, embeddings }, review).probabilities));
      };
      const h = 2 ** -6;
      const slopes = [0, 1, 2].map((e) => (moved(e, h) - moved(e, -h)) / (2 * h));
      expect(curve[2]).toBeGreaterThan(0.001);
      expect(curve[2]).toBeCloseTo(Math.hypot(...slopes), 3);
    },
  );

  it("neighbours point the same way", () => {
    const net = randomNet("tanh");
    net.embeddings.set(
      net.embeddings.subarray(3, 6).map((value) => 2 * value),
      5 * 3,
    );
    const [nearest, ...others] = neighbours(net, 1, 3);
    expect(nearest.id).toBe(5);
    expect(nearest.cosine).toBeCloseTo(1, 6);
    expect(others).toHaveLength(2);
  });
});

describe("the settings in the address", () => {
  it("come back as they were", () => {
    const settings = { ...presets.imdb, units: 7, learningRate: 0.0005, activation: "relu" } as const;
    expect(settingsFromHash(hashOf(settings))).toEqual(settings);
  });

  it("are the preset's where the address is silent or wrong", () => {
    expect(settingsFromHash("")).toEqual(presets.sample);
    const wrong = "#data=imdb&units=0&embedding=1.5&optimizer=newton&epochs=3&seed=&batchSize=abc";
    expect(settingsFromHash(wrong)).toEqual({ ...presets.imdb, epochs: 3 });
  });
});

describe("the settings of the second tab in the address", () => {
  it("come back as they were", () => {
    const settings = { ...writePreset, cell: "lstm", units: 7, prompt: "So & so + 1 = #2", topK: 3 } as const;
    expect(writeSettingsFromHash(writeHashOf(settings))).toEqual(settings);
  });

  it("are the preset's where the address is silent, wrong or the other tab's", () => {
    const wrong = `#tab=write&cell=rnn&units=1.5&temperature=-1&prompt=${"x".repeat(201)}&epochs=3`;
    expect(writeSettingsFromHash(wrong)).toEqual({ ...writePreset, epochs: 3 });
    expect(writeSettingsFromHash("#data=imdb&units=7")).toEqual(writePreset);
  });
});

describe("the text that a net learns to write", () => {
  it("becomes rows of characters, each with the one that follows", async () => {
    expect(textService.setText(new TextEncoder().encode("\uFEFFto be\r\nor not to be, that"))).toBe(24);
    const { x, y, rows, tokenizer, characters, beginning } = await textService.loadText({
      characters: 13,
      length: 4,
    });
    const text = (ids: ArrayLike<number>) =>
      Array.from(ids, (id) => tokenizer.vocabulary[id - 2] ?? "?").join("");
    expect([rows, characters, beginning]).toEqual([3, 13, "to be\nor not "]);
    expect(text(x)).toBe("to be\nor not");
    expect(text(y)).toBe("o be\nor not ");
  });

  it("is refused where there is none in it", () => {
    expect(() => textService.setText(Uint8Array.of(0xff, 0xfe, 0xfd))).toThrow();
    expect(() => textService.setText(new TextEncoder().encode(" \n"))).toThrow(/no text/);
  });
});

describe("the ticks of an axis", () => {
  it.each([
    [0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0.4, 1, 5, [0.4, 0.6, 0.8, 1]],
    [0, 20, 5, [0, 5, 10, 15, 20]],
    [-4, 1, 6, [-4, -3, -2, -1, 0, 1]],
    [0, 4.3, 5, [0, 1, 2, 3, 4]],
  ])("are round: %d to %d", (low, high, count, ticks) => {
    expect(ticksBetween(low, high, count)).toEqual(ticks);
  });
});

describe("the pace of a training", () => {
  it.each([
    ["dear steps", { call: 0, step: 20, expected: [5, 5] }],
    ["cheap steps", { call: 2, step: 0.5, expected: [150, 250] }],
    ["dear calls", { call: 100, step: 3, expected: [28, 40] }],
    ["steps that are too long anyway", { call: 5, step: 700, expected: [1, 1] }],
  ])("%s", (_, { call, step, expected }) => {
    const pace = new Pace();
    for (let piece = 0; piece < 40; piece++) {
      // The end of an epoch cuts every seventh piece short.
      const steps = piece % 7 === 6 ? Math.ceil(pace.steps / 3) : pace.steps;
      pace.took({ steps, milliseconds: call + steps * step });
    }
    expect(pace.steps).toBeGreaterThanOrEqual(expected[0]);
    expect(pace.steps).toBeLessThanOrEqual(expected[1]);
  });

  it("backs off when steps become slow", () => {
    const pace = new Pace();
    for (let piece = 0; piece < 20; piece++) pace.took({ steps: pace.steps, milliseconds: pace.steps });
    expect(pace.steps).toBeGreaterThan(80);
    pace.took({ steps: pace.steps, milliseconds: 40 * pace.steps });
    expect(pace.steps).toBeLessThan(12);
  });
});

describe("the order of the reviews", () => {
  it("is a permutation that seed and epoch decide", () => {
    const order = shuffled(1000, 3, 0);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(shuffled(1000, 3, 0)).toEqual(order);
    const fixed = [shuffled(1000, 3, 1), shuffled(1000, 4, 0)].map(
      (other) => other.filter((row, i) => row === order[i]).length,
    );
    expect(Math.max(...fixed)).toBeLessThan(10);
  });
});
