/** The program behind `npm run bench`. */
import { UsageError } from "../src/node/options";
import { packageRoot } from "../src/node/package-root";
import { bench } from "./bench";

try {
  await bench(packageRoot(), process.argv.slice(2), {
    print: (text) => console.log(text),
    say: (line) => console.error(`bench: ${line}`),
  });
} catch (error) {
  console.error(error instanceof UsageError ? `bench: ${error.message}` : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
