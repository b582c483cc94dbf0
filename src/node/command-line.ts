import { WebGpuRnnError } from "../runtime/errors";
import { commandHelp, helpText } from "./help";
import { imdbCommand } from "./imdb-command";
import { imdbFlags } from "./imdb-flags";
import { describeModel, formatDescription } from "./describe-model";
import { convertModel } from "./model-files";
import { nearest } from "./nearest";
import { UsageError, parseFlags } from "./options";
import { packageVersion } from "./package-root";
import { predictCommand, predictFlags } from "./predict-command";
import { StoppedError } from "./stopped";
import { Terminal, type Output } from "./terminal";
import { textCommand } from "./text-command";
import { textFlags } from "./text-flags";

/** What a run of the program touches beside files and the GPU. */
export interface World {
  stdout: Output;
  stderr: Output;
  /** Asks the run to stop. */
  signal: AbortSignal;
  colour?: boolean;
}

const commands: Record<string, (args: readonly string[], world: World) => Promise<void>> = {
  async imdb(args, { stdout, signal, colour }) {
    const values = parseFlags(args, imdbFlags);
    if (values.help) return print(stdout, commandHelp("imdb", imdbFlags));
    await imdbCommand(values, { terminal: new Terminal(stdout, { quiet: values.quiet, colour }), signal });
  },

  async text(args, world) {
    const values = parseFlags(args, textFlags);
    if (values.help) return print(world.stdout, commandHelp("text", textFlags));
    const { stdout, colour } = world;
    await textCommand(values, { ...world, terminal: new Terminal(stdout, { quiet: values.quiet, colour }) });
  },

  async predict(args, world) {
    const values = parseFlags(args, predictFlags);
    if (values.help) return print(world.stdout, commandHelp("predict", predictFlags));
    await predictCommand(values, world);
  },

  async info(args, { stdout }) {
    const [file] = operands("info", args, ["FILE"]);
    await print(stdout, formatDescription(await describeModel(file)));
  },

  async convert(args, { stdout, stderr }) {
    const [from, to] = operands("convert", args, ["IN", "OUT"]);
    const { files, notes } = await convertModel(from, to);
    await print(stdout, files.join("\n"));
    if (notes.length > 0) await print(stderr, notes.join("\n"));
  },
};

/** The operands of a command that takes nothing else. */
function operands(name: string, args: readonly string[], names: readonly string[]): readonly string[] {
  const flag = args.find((arg) => arg.startsWith("-"));
  if (flag === undefined && args.length === names.length) return args;
  const got = flag ?? (args.length === 0 ? "nothing" : args.join(" "));
  throw new UsageError(`expected ${name} ${names.join(" ")}, got ${got}; --help tells more`);
}

/**
 * Runs the program `webgpu-rnn`.
 *
 * @param args without Node and the script
 * @returns the exit code: 0; 1 for a run that failed; 2 for a wrong command line; 130 for one that was stopped
 */
export async function runCommandLine(args: readonly string[], world: World): Promise<number> {
  const [name, ...rest] = args;
  try {
    await command(name)(rest, world);
    return 0;
  } catch (error) {
    if (world.signal.aborted) {
      const left = error instanceof StoppedError ? error.message : "nothing was saved";
      world.stderr.write(`\nStopped; ${left}.\n`);
      return 130;
    }
    world.stderr.write(`${["webgpu-rnn", known(name)].filter(Boolean).join(" ")}: ${messageOf(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function command(name: string | undefined): (args: readonly string[], world: World) => Promise<void> {
  switch (name) {
    case undefined:
    case "--help":
    case "-h":
    case "help":
      return async (_, { stdout }) =>
        print(stdout, helpText({ imdb: imdbFlags, text: textFlags, predict: predictFlags }));
    case "--version":
    case "-v":
      return async (_, { stdout }) => print(stdout, packageVersion());
  }
  const found = known(name) === undefined ? undefined : commands[name];
  if (found) return found;
  const near = nearest(name, Object.keys(commands));
  const advice = near === undefined ? "--help tells more" : `did you mean ${near}?`;
  throw new UsageError(`expected a command (${Object.keys(commands).join(", ")}), got "${name}"; ${advice}`);
}

function known(name: string | undefined): string | undefined {
  return name !== undefined && Object.hasOwn(commands, name) ? name : undefined;
}

function print(output: Output, text: string): Promise<void> {
  output.write(`${text}\n`);
  return Promise.resolve();
}

/** An error of the library says all in its message; any other needs its stack to be understood. */
function messageOf(error: unknown): string {
  if (error instanceof WebGpuRnnError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
