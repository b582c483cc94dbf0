import { jobFor, type CaseName, type Contestant, type Engine, type EngineName } from "./engines/engine";
import { countDispatches, memoryOf, resetPeak, watchGpu, type Memory } from "./gpu-watch";
import { withSteps, type Job } from "./job";

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
    const contestant = await engine.open(jobFor(name, withSteps(this.#job, steps)));
    this.#open.set(key(name, steps), contestant);
    if (contestant.device) resetPeak(contestant.device);
  }

  /** Whether an engine can train. */
  trains(name: EngineName, steps: number): boolean {
    return this.#get(name, steps).step !== undefined;
  }

  /** The probabilities of the first batch. */
  async probabilities(name: EngineName, steps: number): Promise<number[]> {
    return Array.from(await this.#get(name, steps).probabilities());
  }

  /** One training step on a batch; resolves to its loss before the step. */
  async step(name: EngineName, steps: number, batch: number): Promise<number> {
    const contestant = this.#get(name, steps);
    if (!contestant.step) throw new Error(`bench: expected an engine that trains, got ${name}; leave it out`);
    return contestant.step(batch % this.#job.batches);
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
    if (!contestant.device) return {};
    const memory = memoryOf(contestant.device);
    if (!contestant.step) return { memory };
    return { memory, dispatches: await countDispatches(() => contestant.step!(0)) };
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

/** Carries out such a call; what it returns may be a promise. */
export function callOn(workbench: Workbench, call: WorkbenchCall, parameters: readonly unknown[]): unknown {
  return (workbench[call] as (...parameters: unknown[]) => unknown).apply(workbench, [...parameters]);
}

export type Outcome = { result: unknown } | { error: string };
