/**
 * Writes the tables and the plot of docs/results.md from run reports.
 *
 *     for seed in 0 1 2; do npm start -- --seed $seed --report artifacts/seed$seed.json; done
 *     node scripts/write-results.mjs artifacts/seed0.json artifacts/seed1.json artifacts/seed2.json
 */
import { readFileSync, writeFileSync } from "node:fs";

const document = "docs/results.md";
const plot = "docs/images/imdb-runs.svg";
const markers = ["<!-- runs -->", "<!-- end of runs -->"];

/** What eight published Keras runs of this job span. */
const published = {
  1: { loss: [0.596, 0.671], val_acc: [0.674, 0.82] },
  2: { loss: [0.375, 0.434], val_acc: [0.774, 0.848] },
  3: { loss: [0.274, 0.306], val_acc: [0.785, 0.855] },
  5: { loss: [0.131, 0.193], val_acc: [0.738, 0.874] },
  8: { loss: [0.04, 0.081], val_acc: [0.795, 0.862] },
  10: { loss: [0.017, 0.037], val_acc: [0.79, 0.831] },
};

const runs = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, "utf8")));
if (runs.length === 0) {
  console.error("write-results: expected the report files of one or more runs; see the head of this script");
  process.exit(2);
}
const text = readFileSync(document, "utf8");
const [begin, end] = markers.map((marker) => text.indexOf(marker));
const body = `${markers[0]}\n\n${tables()}\n`;
writeFileSync(document, text.slice(0, begin) + body + text.slice(end));
writeFileSync(plot, svg());

function tables() {
  const names = runs.map(({ config }) => `seed ${config.seed}`);
  const row = (cells) => `| ${cells.join(" | ")} |`;
  const rule = (count) => row(Array.from({ length: count }, () => "---"));
  let inside = 0;
  let near = 0;
  let all = 0;
  const rows = Object.entries(published).map(([epoch, ranges]) => {
    const cells = runs.map(({ epochs }) =>
      ["loss", "val_acc"]
        .map((name) => {
          const value = epochs[epoch - 1][name];
          const [low, high] = ranges[name];
          const rounded = Number(value.toFixed(3));
          const within = (margin) => rounded >= low - margin && rounded <= high + margin;
          const half = (high - low) / 2;
          all++;
          inside += within(0) ? 1 : 0;
          near += within(half) ? 1 : 0;
          return `${value.toFixed(3)}${within(0) ? "" : within(half) ? "\\*" : "\\*\\*"}`;
        })
        .join(", "),
    );
    const span = ["loss", "val_acc"].map((name) => ranges[name].map((v) => v.toFixed(3)).join("–"));
    return row([epoch, ...cells, span.join(", ")]);
  });
  const epochs = runs[0].epochs.map((_, i) =>
    row([
      i + 1,
      ...runs.map(({ epochs }) => {
        const { loss, acc, val_loss, val_acc } = epochs[i];
        return [loss, acc, val_loss, val_acc].map((value) => value.toFixed(4)).join(" ");
      }),
    ]),
  );
  const seconds = runs.map(({ epochs }) => {
    const sorted = epochs.map((epoch) => epoch.seconds).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)].toFixed(1);
  });
  return [
    `Adapter: ${runs[0].adapter}. Loss, validation accuracy by epoch, beside what eight published runs span. A star:`,
    `outside that span; two: outside it also when it is widened by half on either side. ${inside} of ${all} figures lie`,
    `inside the span, ${near} inside the widened one.`,
    "",
    row(["epoch", ...names, "published span"]),
    rule(names.length + 2),
    ...rows,
    "",
    "Loss, accuracy, validation loss, validation accuracy of every epoch, and the test at the end:",
    "",
    row(["epoch", ...names]),
    rule(names.length + 1),
    ...epochs,
    row(["test", ...runs.map(({ test }) => `loss ${test.loss.toFixed(4)}, acc ${test.acc.toFixed(4)}`)]),
    row(["seconds per epoch, median", ...seconds]),
    "",
    `![Loss and accuracy of the runs by epoch](images/${plot.split("/").pop()})`,
    "",
  ].join("\n");
}

/** Two charts side by side: loss and accuracy; training solid, validation dashed, a colour for each run. */
function svg() {
  const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];
  const [width, height, left, top] = [400, 260, 46, 34];
  const chart = (x, title, low, high, names) => {
    const epochs = runs[0].epochs.length;
    const px = (epoch) => x + left + ((epoch - 1) / Math.max(1, epochs - 1)) * (width - left - 16);
    const py = (value) => top + (1 - (value - low) / (high - low)) * (height - top - 40);
    const ticks = Array.from({ length: 6 }, (_, i) => low + ((high - low) * i) / 5);
    const grid = ticks.map(
      (tick) =>
        `<line x1="${px(1)}" x2="${px(epochs)}" y1="${py(tick).toFixed(1)}" y2="${py(tick).toFixed(1)}" stroke="#ccc" stroke-width="0.5"/>` +
        `<text x="${px(1) - 6}" y="${(py(tick) + 4).toFixed(1)}" text-anchor="end">${tick.toFixed(2)}</text>`,
    );
    const labels = Array.from({ length: epochs }, (_, i) => i + 1).map(
      (epoch) => `<text x="${px(epoch).toFixed(1)}" y="${height - 22}" text-anchor="middle">${epoch}</text>`,
    );
    const lines = runs.flatMap(({ epochs: list }, run) =>
      names.map((name, i) => {
        const points = list.map(
          (epoch, e) =>
            `${px(e + 1).toFixed(1)},${py(Math.min(high, Math.max(low, epoch[name]))).toFixed(1)}`,
        );
        const dash = i === 0 ? "" : ' stroke-dasharray="4 3"';
        return `<polyline fill="none" stroke="${colours[run % colours.length]}" stroke-width="1.5"${dash} points="${points.join(" ")}"/>`;
      }),
    );
    return [
      `<text x="${px(1)}" y="20" font-weight="bold">${title}</text>`,
      ...grid,
      ...labels,
      ...lines,
    ].join("\n");
  };
  const legend = runs
    .map(
      ({ config }, run) =>
        `<tspan fill="${colours[run % colours.length]}" dx="10">seed ${config.seed}</tspan>`,
    )
    .join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * width} ${height}" font-family="sans-serif" font-size="11" role="img">
<title>IMDB, SimpleRNN(32): loss and accuracy by epoch</title>
<rect width="100%" height="100%" fill="#fff"/>
${chart(0, "loss (solid: training, dashed: validation)", 0, 0.8, ["loss", "val_loss"])}
${chart(width, "accuracy (solid: training, dashed: validation)", 0.5, 1, ["acc", "val_acc"])}
<text x="${left}" y="${height - 5}">epoch${legend}</text>
</svg>
`;
}
