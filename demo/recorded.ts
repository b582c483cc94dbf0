import type { EpochFigures } from "./courses";
import type { Run, Runs } from "./runs";
import type { Settings } from "./settings";
import type { Point } from "./trainer";

/** A training as scripts/train-demo-model.mjs records it. */
interface Recording {
  settings: Settings;
  adapter: string;
  points: Point[];
  epochs: EpochFigures[];
}

const millisecondsPerPoint = 60;

/** The training of the net that comes with the page, as a run. */
export async function loadRecording(): Promise<Run> {
  const response = await fetch(new URL("./recorded-run.json", document.baseURI));
  const { settings, adapter, points, epochs } = (await response.json()) as Recording;
  return {
    id: 0,
    name: "Recorded",
    settings,
    adapter,
    points,
    epochs,
    seconds: epochs.at(-1)?.seconds ?? 0,
    colour: 0,
    shown: true,
    state: "done",
  };
}

/** Plays a recorded training into the charts, for browsers that cannot train. Resolves at its end. */
export async function play(
  recording: Run,
  runs: Runs,
  onEpoch: (figures: EpochFigures) => void,
): Promise<void> {
  const run: Run = { ...recording, points: [], epochs: [], seconds: 0, state: "running" };
  runs.add(run);
  for (const point of recording.points) {
    await new Promise((resolve) => setTimeout(resolve, millisecondsPerPoint));
    runs.addPoint(run, point);
    const figures = recording.epochs[run.epochs.length];
    if (figures && point.at >= figures.epoch + 1) {
      run.seconds = figures.seconds;
      runs.addEpoch(run, figures);
      onEpoch(figures);
    }
  }
  run.state = "done";
  runs.refresh();
}
