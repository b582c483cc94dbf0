import type { EpochReport, JobEvent } from "../job/types";
import { finishedLine, runningLine, type Progress } from "./progress";
import type { Terminal } from "./terminal";

/**
 * Writes what the job tells in Keras's manner: the summary, then for each epoch a bar that is redrawn in
 * place on a terminal, and one line when the epoch is over.
 */
export function reportEvent(terminal: Terminal, event: JobEvent): void {
  const { colour } = terminal;
  switch (event.kind) {
    case "begin":
      return terminal.line(`Adapter: ${event.adapter}\n\n${event.summary.trimEnd()}\n`);
    case "epoch":
      return terminal.line(`Epoch ${event.epoch + 1}/${event.epochs}`);
    case "step": {
      const progress = { ...event, logs: { loss: event.loss, acc: event.acc } };
      return terminal.draw((columns) => runningLine(progress, { columns, colour }));
    }
    case "epochEnd":
      return terminal.line(finishedLine(epochProgress(event), { colour }));
    case "evaluate":
      return terminal.draw(() => "Evaluating on the test reviews …");
  }
}

function epochProgress({ steps, seconds, loss, acc, val_loss, val_acc }: EpochReport): Progress {
  return { step: steps, steps, seconds, logs: { loss, acc, val_loss, val_acc } };
}
