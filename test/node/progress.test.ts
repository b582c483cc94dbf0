import { expect, test } from "vitest";
import { duration, figure, finishedLine, runningLine } from "../../src/node/progress";

test("the line at the end of an epoch is Keras's", () => {
  const logs = { loss: 0.63194, acc: 0.62681, val_loss: 0.44201, val_acc: 0.798 };
  expect(finishedLine({ step: 157, steps: 157, seconds: 12.3, logs })).toBe(
    "157/157 ━━━━━━━━━━━━━━━━━━━━ 12s 78ms/step - acc: 0.6268 - loss: 0.6319 - val_acc: 0.7980 - val_loss: 0.4420",
  );
});

test("figures that are not there are left out", () => {
  const logs = { loss: 0.5, acc: 1, val_loss: undefined };
  expect(finishedLine({ step: 2, steps: 2, seconds: 3, logs })).toMatch(
    / 3s 2s\/step - acc: 1.0000 - loss: 0.5000$/,
  );
});

test("the running line has count, bar, time left, rate and figures", () => {
  const progress = { step: 40, steps: 160, seconds: 4, logs: { loss: 0.69, acc: 0.5 } };
  expect(runningLine(progress)).toBe(
    " 40/160 ━━━━━─────────────── ETA 12s 100ms/step - acc: 0.5000 - loss: 0.6900",
  );
});

test("before the first step there is no rate yet", () => {
  expect(runningLine({ step: 0, steps: 8, seconds: 0, logs: {} })).toBe("0/8 ──────────────────── ");
});

test("a narrow terminal cuts the line, and colours do not count as columns", () => {
  const progress = { step: 40, steps: 160, seconds: 4, logs: { loss: 0.69 } };
  const plain = runningLine(progress, { columns: 35 });
  expect(plain).toHaveLength(35);
  const painted = runningLine(progress, { columns: 35, colour: true });
  expect(painted).toContain("\x1b[32m━━━━━\x1b[0m\x1b[37m━━━━━━━━━━━━━━━\x1b[0m");
  const escape = String.fromCharCode(27);
  const unpainted = painted.replaceAll(new RegExp(`${escape}\\[\\d+m`, "g"), "");
  expect(unpainted).toBe(plain.replaceAll("─", "━"));
});

test.each([
  [0.4, "0s"],
  [59.6, "60s"],
  [65, "1:05"],
  [3665, "1:01:05"],
])("%d seconds are written %s", (seconds, written) => {
  expect(duration(seconds)).toBe(written);
});

test.each([
  [0.5, "0.5000"],
  [0, "0.0000"],
  [0.00012345, "1.2345e-04"],
  [NaN, "nan"],
  [-Infinity, "-inf"],
])("the figure %d is written %s", (value, written) => {
  expect(figure(value)).toBe(written);
});
