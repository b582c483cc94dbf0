import { requestDevice } from "../runtime/device";
import { runJob } from "./run";
import type { JobEvent, LabelledReviews, PageJob, PageOutcome } from "./types";

/** Put on the page by the program that drives the browser. */
declare const emitJobEvent: (event: JobEvent) => Promise<void>;

/** Runs the main job in a page: fetches the reviews from its server and sends the weights there. */
export async function runJobInPage({ config, shapes, preprocessing }: PageJob): Promise<PageOutcome> {
  try {
    const [train, test] = await Promise.all([
      fetchReviews("train", shapes.train),
      fetchReviews("test", shapes.test),
    ]);
    const device = await requestDevice({ powerPreference: "high-performance" });
    // Events arrive in the order in which they were sent; nothing waits for them until the end.
    let told: Promise<unknown> = Promise.resolve();
    const emit = (event: JobEvent) => {
      told = Promise.all([told, emitJobEvent(event)]);
    };
    const { result, weights } = await runJob(config, { train, test, preprocessing }, device, { emit });
    device.destroy();
    await told;
    await fetch("/weights", { method: "POST", body: weights });
    return { result };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

async function fetchReviews(part: string, shape: [number, number]): Promise<LabelledReviews> {
  const bytes = async (name: string) => (await fetch(`/data/${part}.${name}`)).arrayBuffer();
  const [x, y] = await Promise.all([bytes("x"), bytes("y")]);
  return { x: { data: new Int32Array(x), shape }, y: new Float32Array(y) };
}
