import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./package-root";

/** The last lines of the main job: commands that work from here. */
export function whatToTry(weights: string, sample: boolean): string {
  const quoted = /^[\w./-]+$/.test(weights) ? weights : JSON.stringify(weights);
  const review = sample
    ? "A friend told me it was dull, but in the end I loved it."
    : "A wonderful film, moving and well acted.";
  const commands: [command: string, meaning: string][] = [
    [`npx webgpu-rnn predict --model ${quoted} --text "${review}"`, ""],
    ...(inCheckout() ? checkoutCommands(sample) : packageCommands(sample)),
  ];
  const width = Math.max(...commands.filter(([, meaning]) => meaning).map(([command]) => command.length));
  const rows = commands.map(
    ([command, meaning]) => `  ${command.padEnd(meaning ? width : 0)}${meaning && `  ${meaning}`}`,
  );
  return ["What to try next:", ...rows].join("\n");
}

function checkoutCommands(sample: boolean): [string, string][] {
  return [
    ["npm start -- --units 64 --epochs 5", "other settings; --help lists them"],
    sample
      ? ["npm start -- --data FOLDER", "the IMDB reviews, from a folder with imdb.npz"]
      : ["npm start -- --sample", "the built-in sample corpus, beside a bag of words"],
    ["npm start -- --model bow,lstm,gru", "other models, compared in one table"],
    ["npm start -- text", "a character model that learns to write"],
    ["npm run demo", "train in a browser page"],
    ["npm run bench", "the speed, beside other libraries"],
  ];
}

function packageCommands(sample: boolean): [string, string][] {
  return [
    ["npx webgpu-rnn imdb --units 64 --epochs 5", "other settings; --help lists them"],
    sample
      ? ["npx webgpu-rnn imdb --data FOLDER", "the IMDB reviews, from a folder with imdb.npz"]
      : ["npx webgpu-rnn imdb --sample", "the built-in sample corpus, beside a bag of words"],
    ["npx webgpu-rnn text", "a character model that learns to write"],
  ];
}

/** A checkout has npm's scripts; an installed package has only its program. */
function inCheckout(): boolean {
  return existsSync(join(packageRoot(), "scripts", "start.mjs"));
}
