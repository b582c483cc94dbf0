import { beforeAll, describe, expect, test } from "vitest";
import { comparedSteps, referenceEvidence, type Evidence } from "../../bench/agreement";
import { makeJob, quickSizes } from "../../bench/data";
import { drive, type EngineReport, type Plan } from "../../bench/driver";
import type { EngineName } from "../../bench/engines/engine";
import type { Host } from "../../bench/host";
import { withSimpleRnn, type Job } from "../../bench/job";
import { largestDifference } from "../../bench/statistics";
import type { Workbench, WorkbenchCall } from "../../bench/workbench";

let job: Job;
beforeAll(async () => {
  job = await makeJob(process.cwd(), quickSizes, true);
});

const plan: Plan = {
  engines: ["webgpu-rnn", "tfjs-webgpu", "tfjs-wasm"],
  cases: ["train", "forward", "single"],
  rounds: 3,
  turn: 100,
  unrolledSteps: [2, 4, 8],
  unrolledPatience: 1000,
};

/** How a stand-in for an engine departs from the float64 twin. */
interface Fault {
  opens?: (steps: number) => void;
  time?: () => void;
  evidence?: (evidence: Evidence) => Evidence;
  trains?: boolean;
}

/** A workbench whose engines are the float64 twin itself, but for their faults; a step takes 10 ms. */
class StandIn {
  readonly calls: string[] = [];
  readonly #evidence = new Map<number, Evidence>();
  readonly #asked = new Map<string, number>();

  constructor(readonly faults: Partial<Record<EngineName, Fault>>) {}

  get host(): Host {
    const answers: Partial<Record<WorkbenchCall, (...parameters: never[]) => unknown>> = this.#answers;
    return {
      runtime: "a test",
      call: (name, ...parameters) =>
        new Promise((resolve) => {
          this.calls.push([name, ...parameters].join(" "));
          resolve((answers[name] as (...parameters: unknown[]) => never)(...parameters));
        }),
      profile: () => Promise.reject(new Error("no profile here")),
      close: () => Promise.resolve(),
    };
  }

  readonly #answers = {
    open: (name: EngineName, steps: number) => this.faults[name]?.opens?.(steps),
    trains: (name: EngineName) => this.faults[name]?.trains ?? true,
    probabilities: (name: EngineName, steps: number) => {
      const asked = this.#asked.get(`${name} ${steps}`) ?? 0;
      this.#asked.set(`${name} ${steps}`, asked + 1);
      const { before, after } = this.#computed(name, steps);
      return asked === 0 ? before : after;
    },
    step: (name: EngineName, steps: number, batch: number) => this.#computed(name, steps).losses[batch],
    time: (name: EngineName, _steps: number, _timed: string, count: number) => {
      this.faults[name]?.time?.();
      return { milliseconds: 10 * count, count };
    },
    needs: (): Awaited<ReturnType<Workbench["needs"]>> => ({ dispatches: 11 }),
    close: () => undefined,
  };

  #computed(name: EngineName, steps: number): Evidence {
    const exact = this.#evidence.get(steps) ?? referenceEvidence(job, steps);
    this.#evidence.set(steps, exact);
    return this.faults[name]?.evidence?.(exact) ?? exact;
  }
}

async function run(
  faults: Partial<Record<EngineName, Fault>>,
  changes: Partial<Plan> = {},
): Promise<{ reports: EngineReport[]; calls: string[] }> {
  const standIn = new StandIn(faults);
  const reports = await drive(standIn.host, job, { ...plan, ...changes }, () => undefined);
  return { reports, calls: standIn.calls };
}

const fail = (message: string) => () => {
  throw new Error(message);
};

describe("the driver", () => {
  test("times engines that agree, in turns, after a warm-up that fixes how long a turn is", async () => {
    const { reports, calls } = await run({ "tfjs-wasm": { trains: false } });
    expect(reports.map(({ engine, agreement }) => [engine, agreement?.agrees])).toEqual([
      ["webgpu-rnn", true],
      ["tfjs-webgpu", true],
      ["tfjs-wasm", true],
    ]);
    expect(reports[0].times.train).toEqual({ median: 10, least: 10, most: 10, rounds: 3 });
    expect(reports[0].needs?.dispatches).toBe(11);
    expect(Object.keys(reports[2].times)).toEqual(["forward", "single"]);
    const round = (count: number): string[] => [
      `time webgpu-rnn 12 train ${count}`,
      `time tfjs-webgpu 12 train ${count}`,
      `time webgpu-rnn 12 forward ${count}`,
      `time tfjs-webgpu 12 forward ${count}`,
      `time tfjs-wasm 12 forward ${count}`,
      `time webgpu-rnn 12 single ${count}`,
      `time tfjs-webgpu 12 single ${count}`,
      `time tfjs-wasm 12 single ${count}`,
    ];
    expect(calls.filter((call) => call.startsWith("time"))).toEqual([
      ...round(1),
      ...round(10),
      ...round(10),
      ...round(10),
    ]);
  });

  const off = (values: readonly number[], by: number): number[] => values.map((value) => value + by);
  test.each<[string, (evidence: Evidence) => Evidence]>([
    ["probabilities", (e) => ({ ...e, before: off(e.before, 2e-5) })],
    ["a loss", (e) => ({ ...e, losses: [e.losses[0], e.losses[1], e.losses[2] + 1e-3] })],
    ["what it learned", (e) => ({ ...e, after: off(e.after, 2e-3) })],
    ["a value that is no number", (e) => ({ ...e, before: [NaN, ...e.before.slice(1)] })],
    ["too few values", (e) => ({ ...e, before: e.before.slice(1) })],
  ])("reports an engine that disagrees in %s, and does not time it", async (_, evidence) => {
    const { reports, calls } = await run({ "tfjs-webgpu": { evidence } });
    expect(reports[1].agreement?.agrees).toBe(false);
    expect(reports[1].note).toBe("disagrees with the float64 reference; not timed");
    expect(reports[1].times).toEqual({});
    expect(calls.filter((call) => call.startsWith("time tfjs-webgpu"))).toEqual([]);
    expect(reports[0].times.train?.median).toBe(10);
  });

  test("reports an engine that does not open, and one that breaks down in the middle", async () => {
    const { reports } = await run({
      "tfjs-webgpu": { opens: fail("no backend") },
      "tfjs-wasm": { time: fail("out of memory") },
    });
    expect(reports[1]).toMatchObject({ note: "no backend", times: {} });
    expect(reports[2]).toMatchObject({ note: expect.stringContaining("failed: out of memory") as string });
    expect(reports[0].times.single?.rounds).toBe(3);
  });
});

test("the SimpleRNN beside an LSTM is compared with its own reference", async () => {
  const lstm = await makeJob(process.cwd(), quickSizes, true, "lstm");
  const standIn = new StandIn({});
  const reports = await drive(
    standIn.host,
    lstm,
    { ...plan, engines: ["simple-rnn"], rounds: 1 },
    () => undefined,
  );
  // The stand-in answers for the plain job, whose weights are others.
  expect(reports[0].agreement?.agrees).toBe(false);
  const twin = referenceEvidence(withSimpleRnn(lstm), quickSizes.steps);
  expect(reports[0].agreement?.probabilities).toBeCloseTo(
    largestDifference(referenceEvidence(job, quickSizes.steps).before, twin.before),
    12,
  );
});

describe("the unrolled engine", () => {
  const engines: EngineName[] = ["webgpu-rnn", "jax-js"];

  test("is taken at the longest T that works, with this library at the same T beside it", async () => {
    const opens = (steps: number): void => {
      if (steps > 4) throw new Error("stack overflow");
    };
    const { reports, calls } = await run({ "jax-js": { opens } }, { engines });
    expect(reports.map(({ engine, steps }) => `${engine} ${steps}`)).toEqual([
      `webgpu-rnn ${quickSizes.steps}`,
      "webgpu-rnn 4",
      "jax-js 4",
    ]);
    expect(reports[2]).toMatchObject({ agreement: { agrees: true }, note: "T = 8 failed: stack overflow" });
    expect(reports[2].times.train?.median).toBe(10);
    expect(calls.filter((call) => call.startsWith("open jax-js"))).toHaveLength(3);
    expect(calls.filter((call) => call.startsWith("step jax-js 4"))).toHaveLength(comparedSteps);
  });

  test("is not tried at lengths beyond the patience, and the report says so", async () => {
    const { reports } = await run({}, { engines, unrolledPatience: -1 });
    expect(reports[2]).toMatchObject({ engine: "jax-js", steps: 2 });
    expect(reports[2].note).toMatch(/^T = 4 was not tried: /);
  });

  test("stands in the report even where it does not run at all", async () => {
    const { reports } = await run({ "jax-js": { opens: fail("no WebGPU") } }, { engines });
    expect(reports[1]).toMatchObject({ engine: "jax-js", note: "T = 2 failed: no WebGPU", times: {} });
  });
});
