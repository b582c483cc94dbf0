import { expect, test } from "vitest";
import type { JobEvent } from "../../src/job/types";
import { reportEvent } from "../../src/node/report";
import { Terminal, type TerminalOptions } from "../../src/node/terminal";

const step = (n: number): JobEvent => ({ kind: "step", step: n, steps: 4, seconds: n, loss: 0.5, acc: 0.75 });
const run: JobEvent[] = [
  { kind: "begin", adapter: "a GPU", summary: "┏━┓\n" },
  { kind: "epoch", epoch: 0, epochs: 2 },
  step(1),
  step(2),
  { kind: "epochEnd", epoch: 0, loss: 0.5, acc: 0.75, val_loss: 0.4, val_acc: 0.8, seconds: 8, steps: 4 },
  { kind: "evaluate" },
];

function written(output: { isTTY: boolean; columns?: number }, options: TerminalOptions = {}): string {
  let text = "";
  const terminal = new Terminal({ ...output, write: (part: string) => (text += part) }, options);
  for (const event of run) reportEvent(terminal, event);
  terminal.line("end");
  return text;
}

const whole = `Adapter: a GPU

┏━┓

Epoch 1/2
4/4 ━━━━━━━━━━━━━━━━━━━━ 8s 2s/step - acc: 0.7500 - loss: 0.5000 - val_acc: 0.8000 - val_loss: 0.4000
end
`;

test("without a terminal each epoch is one line, and nothing is redrawn", () => {
  expect(written({ isTTY: false })).toBe(whole);
});

test("--quiet says the same on a terminal", () => {
  expect(written({ isTTY: true }, { quiet: true })).toBe(whole);
});

test("on a terminal the bar is redrawn in place and gives way to the epoch's line", () => {
  let time = 0;
  const text = written({ isTTY: true, columns: 40 }, { now: () => (time += 1000) });
  expect(text).toContain("Epoch 1/2\n\r1/4 ━━━━━─────────────── ETA 3s 1s/step\x1b[K\r2/4 ━━━━━━━━━━");
  expect(text).toContain("\x1b[K\r\x1b[K4/4 ━━━━━━━━━━━━━━━━━━━━ 8s 2s/step - acc");
  expect(text).toMatch(/Evaluating on the test reviews ….*end\n$/s);
});

test("the bar is redrawn at most ten times a second", () => {
  let time = 0;
  const text = written({ isTTY: true }, { now: () => (time += 60) });
  expect(text).toContain("1/4 ");
  expect(text).not.toContain("2/4 ");
});
