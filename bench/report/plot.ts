import { caseNames } from "../engines/engine";
import { caseTitle, engineTitles, type Comparison } from "../result";
import { barChart, type BarGroup } from "./bar-chart";
import { digits, ratio } from "./format";

/** A comparison's times as bars, a group for each case; only engines that ran at the job's own T. */
export function comparisonPlot({ reports, job, adapter }: Comparison): string | undefined {
  const whole = reports.filter(({ steps }) => steps === job.steps);
  const own = whole.find(({ engine }) => engine === "webgpu-rnn");
  const groups: BarGroup[] = [];
  for (const name of caseNames) {
    const base = own?.times[name];
    const bars = whole.flatMap(({ engine, times }) => {
      const time = times[name];
      if (!time) return [];
      const ours = engine === "webgpu-rnn";
      const times_ = base && !ours ? ` (${ratio(time.median, base.median)})` : "";
      return [
        { label: engineTitles[engine], value: time.median, text: `${digits(time.median)} ms${times_}`, ours },
      ];
    });
    if (bars.length > 1) groups.push({ title: caseTitle(name, job.batchSize), bars });
  }
  if (groups.length === 0) return undefined;
  return barChart(`Milliseconds, logarithmic; ${adapter}`, groups);
}
