import type { CaseName, Contestant, Engine, EngineName } from "./engines/engine";
import { countDispatches, memoryOf, watchGpu, type Memory } from "./gpu-watch";
import { withSteps, type Job } from "./job";

/** What an engine computed, to be compared with what others did. */
export interface Evidence {
  /** Probabilities of the first batch under the job's weights. */
  before: number[];
  /** Losses of the first training steps, each before its update; empty where the engine cannot train. */
  losses: number[];
  /** Probabilities of the first batch after those steps; empty where the engine cannot train. */
  after: number[];
}

export interface Timing {
  milliseconds: number;
  /** How many steps, batches or reviews that was. */
  count: number;
}

/** Figures of an engine that are not times. */
export interface Needs {
  /** Of one training step; missing where the engine cannot train, or has no GPU. */
  dispatches?: number;
  memory?: Memory;
}

/** Training steps that the engines are compared over. */
export const comparedSteps = 3;

/**
 * Where the engines stand side by side: in the page, or in Node. Everything that goes in and comes out is
 * plain JSON, for the one who drives it may sit in another process.
 */
export class Workbench {
  readonly #job: Job;
  readonly #engines: Partial<Record<EngineName, () => Promise<Engine>>>;
  readonly #describe: () => Promise<string>;
  readonly #open = new Map<string, Contestant>();

  constructor(
    job: Job,
    engines: Partial<Record<EngineName, () => Promise<Engine>>>,
    describeAdapter: () => Promise<string>,
  ) {
    watchGpu();
    this.#job = job;
    this.#engines = engines;
    this.#describe = describeAdapter;
  }

  adapter(): Promise<string> {
    return this.#describe();
  }

  /** Makes the model of an engine, for reviews of so many steps. */
  async open(name: EngineName, steps: number): Promise<void> {
    const load = this.#engines[name];
    if (!load) throw new Error(`bench: expected an engine that runs here, got ${name}; leave it out`);
    const engine = await load();
    this.#open.set(key(name, steps), await engine.open(withSteps(this.#job, steps)));
  }

  /** Computes what is compared. The first thing that is asked of a model. */
  async evidence(name: EngineName, steps: number): Promise<Evidence> {
    const contestant = this.#get(name, steps);
    const before = Array.from(await contestant.probabilities());
    if (!contestant.step) return { before, losses: [], after: [] };
    const losses: number[] = [];
    for (let i = 0; i < comparedSteps; i++) losses.push(await contestant.step(i % this.#job.batches));
    return { before, losses, after: Array.from(await contestant.probabilities()) };
  }

  /** Runs a case once and takes the time. */
  async time(name: EngineName, steps: number, timed: CaseName, count: number): Promise<Timing> {
    const contestant = this.#get(name, steps);
    if (timed === "train" && !contestant.train) throw new Error(`bench: ${name} cannot train`);
    const begin = performance.now();
    const done = await contestant[timed]!(count);
    return { milliseconds: performance.now() - begin, count: done };
  }

  async needs(name: EngineName, steps: number): Promise<Needs> {
    const contestant = this.#get(name, steps);
    const { device, step } = contestant;
    if (!device) return {};
    const dispatches = step && (await countDispatches(() => step.call(contestant, 0)));
    return { dispatches, memory: memoryOf(device) };
  }

  close(name: EngineName, steps: number): void {
    this.#open.get(key(name, steps))?.dispose();
    this.#open.delete(key(name, steps));
  }

  #get(name: EngineName, steps: number): Contestant {
    const contestant = this.#open.get(key(name, steps));
    if (!contestant) throw new Error(`bench: expected ${name} to be open for T = ${steps}, got none`);
    return contestant;
  }
}

const key = (name: EngineName, steps: number): string => `${name} ${steps}`;

/** The calls that cross from the driver to the workbench. */
export type WorkbenchCall = Exclude<keyof Workbench, symbol>;

export type Outcome = { result: unknown } | { error: string };
