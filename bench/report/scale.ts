import { modelled, type Case } from "../scale/cost-model";
import type { Measurement } from "../scale/measure";
import { comparedSteps, rowKinds, type CurveName, type RowKind, type ScaleSizes } from "../scale/points";
import type { ScalePoint } from "../scale/run";
import { cellTitles, type ScaleResult } from "../result";
import { digits, megabytes, table } from "./format";
import { lineChart, type Line } from "./line-chart";

const curveTitles: Record<CurveName, string> = {
  steps: "T, steps",
  batchSize: "B, samples",
  units: "U, units",
  vocabulary: "V, words",
};

export const curveNames = Object.keys(curveTitles) as CurveName[];

const letters: Record<keyof ScaleSizes, string> = {
  vocabulary: "V",
  width: "E",
  units: "U",
  batchSize: "B",
  steps: "T",
};

const cases = { train: "training step", forward: "forward" } as const satisfies Record<Case, string>;

/**
 * All of it as text: where it was measured, a table for each curve, the ratio over T, and the model of cost.
 *
 * @param headOf what stands above a curve's table
 */
export function scaleText(
  result: ScaleResult,
  headOf: (curve: CurveName) => string = (curve) => `${curveTitles[curve]}:`,
): string {
  return [
    scaleCircumstances(result),
    ...curveNames.map((curve) => [headOf(curve), curveTable(result, curve)].filter(Boolean).join("\n\n")),
    ...ratioLines(result),
    modelText(result),
  ].join("\n\n");
}

/** Where and when, and the sizes that hold unless a table says otherwise. */
export function scaleCircumstances({ adapter, runtime, machine, date, cell, seed }: ScaleResult): string {
  const sizes = Object.entries(letters).map(
    ([name, letter]) => `${letter} = ${seed[name as keyof ScaleSizes].toLocaleString("en")}`,
  );
  return (
    `${adapter}; ${runtime}; ${machine.cpu}, ${machine.cores} cores; ${date}. ${cellTitles[cell]}, ${sizes.join(", ")} ` +
    "where a curve does not change it. Nanoseconds per token that is not padding; in brackets, by how much the model of " +
    "cost below is off. Random rows are full of tokens that are all as likely; review-like rows have 44 % of T in the " +
    "mean, and words as frequent as words are."
  );
}

/** One curve: a row for each point. */
export function curveTable(result: ScaleResult, curve: CurveName): string {
  const points = result.points.filter((point) => point.curve === curve);
  const head = [
    letters[curve],
    "rows",
    "tokens",
    "step, ms",
    "train, ns a token",
    "forward, ns a token",
    "memory",
    "dispatches",
  ];
  const rows = points.map((point) => {
    const { measured, rows, sizes, note } = point;
    const first = [valueText(result, point), rows];
    if (!measured) return [...first, "–", note ?? "–", "–", "–", "–", "–"];
    const cell = (which: Case): string => {
      const off = modelled(result.models[which], { sizes, ...measured }) / measured[which].median - 1;
      return `${digits(perToken(measured, which))} (${off < 0 ? "−" : "+"}${Math.abs(100 * off).toFixed(0)} %)`;
    };
    return [
      ...first,
      Math.round(measured.tokens).toLocaleString("en"),
      digits(measured.train.median),
      cell("train"),
      cell("forward"),
      megabytes(measured.memory),
      String(Math.round(measured.dispatches.train)),
    ];
  });
  return table(head, rows);
}

/** The changed size; others beside it where they had to be smaller. */
function valueText({ seed }: ScaleResult, { curve, sizes }: ScalePoint): string {
  const others = (Object.keys(letters) as (keyof ScaleSizes)[])
    .filter((name) => name !== curve && sizes[name] !== seed[name])
    .map((name) => `${letters[name]} = ${sizes[name].toLocaleString("en")}`);
  return [sizes[curve].toLocaleString("en"), ...others].join(", ");
}

/** Nanoseconds. */
function perToken(measured: Measurement, which: Case): number {
  return (measured[which].median * 1e6) / measured.tokens;
}

/** How much dearer a token is in long rows; undefined where either was not measured with the seed's other sizes. */
export function tokenRatio({ points, seed }: ScaleResult, rows: RowKind, which: Case): number | undefined {
  const [short, long] = comparedSteps.map((steps) =>
    points.find(
      (point) =>
        point.rows === rows &&
        Object.entries({ ...seed, steps }).every(
          ([name, size]) => point.sizes[name as keyof ScaleSizes] === size,
        ),
    ),
  );
  if (!short?.measured || !long?.measured) return undefined;
  return perToken(long.measured, which) / perToken(short.measured, which);
}

function ratioLines(result: ScaleResult): string[] {
  const [short, long] = comparedSteps.map((steps) => steps.toLocaleString("en"));
  const parts = rowKinds.flatMap((rows) =>
    (Object.keys(cases) as Case[]).flatMap((which) => {
      const ratio = tokenRatio(result, rows, which);
      return ratio === undefined ? [] : [`${ratio.toFixed(2)} (${cases[which]}, ${rows} rows)`];
    }),
  );
  return parts.length === 0 ? [] : [`Time per token, T = ${long} over T = ${short}: ${parts.join(", ")}.`];
}

function modelText(result: ScaleResult): string {
  const { train, forward } = result.models;
  const names = new Map([...train.terms, ...forward.terms].map(({ term, name }) => [term, name]));
  const cell = (model: typeof train, key: string): string => {
    const found = model.terms.find(({ term }) => term === key);
    return found ? `${digits(found.milliseconds * 1e6)} ns` : "–";
  };
  const rows = [...names].map(([key, name]) => [name, cell(train, key), cell(forward, key)]);
  return [
    "The model of cost: the sum of these times, fitted to all points of all curves by least squares of the relative " +
      `deviations, none below zero. ${offsText(result, "train")} ${offsText(result, "forward")}`,
    table(["for each of", cases.train, cases.forward], rows),
  ].join("\n\n");
}

function offsText({ points, models }: ScaleResult, which: Case): string {
  const offs = points
    .flatMap(({ sizes, measured }) =>
      measured
        ? [Math.abs(modelled(models[which], { sizes, ...measured }) / measured[which].median - 1)]
        : [],
    )
    .sort((a, b) => a - b);
  if (offs.length === 0) return "";
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  const [middle, most] = [offs[offs.length >> 1], offs[offs.length - 1]];
  return `It is off by ${percent(middle)} in the median and ${percent(most)} at most (${cases[which]}).`;
}

/** One curve as a picture; undefined where fewer than two points were measured. */
export function curvePlot(result: ScaleResult, curve: CurveName): string | undefined {
  const lines: Line[] = [];
  for (const [i, rows] of rowKinds.entries()) {
    for (const which of Object.keys(cases) as Case[]) {
      const points = result.points.flatMap((point) =>
        point.curve === curve && point.rows === rows && point.measured
          ? [{ x: point.sizes[curve], y: perToken(point.measured, which) }]
          : [],
      );
      const look = which === "train" ? (["first", "second"] as const)[i] : (["third", "fourth"] as const)[i];
      if (points.length > 1)
        lines.push({ label: `${which === "train" ? "training" : cases[which]}, ${rows}`, points, look });
    }
  }
  if (lines.length === 0) return undefined;
  return lineChart(`Nanoseconds per token; ${result.adapter}`, curveTitles[curve], lines);
}

/** The file name of a curve's picture: the result's own name, and the letter. */
export function curveFile(name: string, curve: CurveName): string {
  return `${name}-${letters[curve].toLowerCase()}.svg`;
}
