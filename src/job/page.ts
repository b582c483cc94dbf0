import { checkpointStore } from "../io/index";
import { requestDevice } from "../runtime/device";
import { describe, StateError } from "../runtime/errors";
import { runJob } from "./run";
import type { JobCheckpoint, JobEvent, LabelledReviews, PageJob, PageOutcome } from "./types";

/** Put on the page by the program that drives the browser. */
declare const emitJobEvent: (event: JobEvent) => Promise<void>;

/** Runs the main job in a page: fetches the reviews from its server and sends the weights there. */
export async function runJobInPage({
  config,
  shapes,
  preprocessing,
  checkpoint,
}: PageJob): Promise<PageOutcome> {
  try {
    const [train, test] = await Promise.all([
      fetchReviews("train", shapes.train),
      fetchReviews("test", shapes.test),
    ]);
    const another = () => requestDevice({ powerPreference: "high-performance" });
    const device = await another();
    // Events arrive in the order in which they were sent; nothing waits for them until the end.
    let told: Promise<unknown> = Promise.resolve();
    const emit = (event: JobEvent) => {
      told = Promise.all([told, emitJobEvent(event)]);
    };
    const data = { train, test, preprocessing };
    const options = { emit, another, checkpoint: checkpoint && checkpointsAtServer(checkpoint) };
    const { result, weights } = await runJob(config, data, device, options);
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

/** The page's own storage goes with its browser: checkpoints are kept by the server. */
function checkpointsAtServer({ metadata, resume }: NonNullable<PageJob["checkpoint"]>): JobCheckpoint {
  const address = "/checkpoint";
  const ask = async (request: RequestInit): Promise<Response> => {
    const response = await fetch(address, request);
    if (response.ok || response.status === 404) return response;
    const remedy = "free some space on the disk, then go on with --resume";
    throw new StateError(describe("checkpoint", "a file that can be written", await response.text(), remedy));
  };
  const store = checkpointStore(
    {
      save: async (bytes) => void (await ask({ method: "POST", body: bytes })),
      async load() {
        const response = await ask({});
        return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
      },
      clear: async () => void (await ask({ method: "DELETE" })),
    },
    { metadata },
  );
  return { store, resume };
}
