/** The program behind `npm run bench`. */
import { UsageError } from "../src/node/options";
import { packageRoot } from "../src/node/package-root";
import { WebGpuRnnError } from "../src/runtime/errors";
import { bench } from "./bench";

try {
  await bench(packageRoot(), process.argv.slice(2), {
    print: (text) => console.log(text),
    say: (line) => console.error(`bench: ${line}`),
  });
} catch (error) {
  // An error of the library says all in its message.
  console.error(error instanceof WebGpuRnnError ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
