import { runCommandLine } from "./node/command-line";

const stop = new AbortController();

// The first Ctrl-C stops in good order; the second at once.
process.on("SIGINT", () => {
  if (stop.signal.aborted) process.exit(130);
  stop.abort();
});

process.exitCode = await runCommandLine(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
  colour: process.stdout.isTTY && !process.env.NO_COLOR,
});
