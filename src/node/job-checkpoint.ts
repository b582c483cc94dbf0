import { decodeCheckpoint, type CheckpointFile } from "../io/checkpoint";
import type { JobConfig } from "../job/types";
import { fileBytes } from "./checkpoint-file";
import { UsageError } from "./options";
import type { Terminal } from "./terminal";

/** Under this name a checkpoint's metadata hold the job's settings. */
const jobKey = "job";

/** Where the checkpoints of a job lie whose weights go to `out`. */
export function checkpointPath(out: string): string {
  return `${out.replace(/\.safetensors$/, "")}.checkpoint.safetensors`;
}

/** The strings in a job's checkpoints: what its model's file has, so that `predict` reads them, and the settings. */
export function checkpointMetadata(
  preprocessing: Readonly<Record<string, string>>,
  config: JobConfig,
): Record<string, string> {
  return { ...preprocessing, [jobKey]: JSON.stringify(config) };
}

/**
 * Looks for the checkpoint of an unfinished run, and says what it has found.
 *
 * @returns whether the run goes on from it
 * @throws {UsageError} it is to go on, and the checkpoint is one of other settings; the message names the flag.
 * @throws {FormatError} it is to go on, and the file is damaged.
 */
export async function findCheckpoint(
  path: string,
  config: JobConfig,
  { resume, terminal }: { resume: boolean; terminal: Terminal },
): Promise<boolean> {
  const bytes = await fileBytes(path).load();
  if (!bytes) {
    if (resume) terminal.line(`No checkpoint at ${path}; starting anew`);
    return false;
  }
  if (!resume) {
    terminal.line(`Starting anew; this replaces the checkpoint ${path} (--resume goes on from it)`);
    return false;
  }
  const file = decodeCheckpoint(bytes);
  compareConfigs(path, savedConfig(path, file), config, file.snapshot.position);
  terminal.line(`Resuming ${path}: ${progressText(file, config)}`);
  return true;
}

function savedConfig(path: string, { metadata }: CheckpointFile): JobConfig {
  try {
    return JSON.parse(metadata[jobKey] ?? "") as JobConfig;
  } catch {
    throw new UsageError(
      `--resume: expected a checkpoint of this program at ${path}, got another one; move it away, or pass another --out`,
    );
  }
}

function compareConfigs(
  path: string,
  saved: JobConfig,
  now: JobConfig,
  { epoch, step }: CheckpointFile["snapshot"]["position"],
): void {
  const refuse = (flag: string, expected: string, got: string, pass: string): never => {
    throw new UsageError(
      `${flag}: expected ${expected}, as in the checkpoint ${path}, got ${got}; ${pass}, or leave out --resume to start anew`,
    );
  };
  for (const key of Object.keys({ ...saved, ...now }) as (keyof JobConfig)[]) {
    // An unfinished training may be made longer or shorter.
    if (key === "epochs" || saved[key] === now[key]) continue;
    if (key === "sample") {
      const corpus = (config: JobConfig) => (config.sample ? "the sample corpus" : "the IMDB reviews");
      refuse("--sample", corpus(saved), corpus(now), `${saved.sample ? "pass" : "leave out"} --sample`);
    }
    const flag = `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const remedy = saved[key] === undefined ? `leave out ${flag}` : `pass ${flag} ${saved[key]}`;
    refuse(flag, String(saved[key] ?? "none"), String(now[key] ?? "none"), remedy);
  }
  const begun = epoch + (step > 0 ? 1 : 0);
  if (now.epochs < begun)
    refuse("--epochs", `at least ${begun}`, `${now.epochs}`, `pass --epochs ${saved.epochs}`);
}

function progressText({ snapshot }: CheckpointFile, { epochs }: JobConfig): string {
  const { position, settings, machine } = snapshot;
  const steps = Math.ceil(settings.trainingRows / settings.batchSize);
  const within = position.step > 0 ? `, and ${position.step} of ${steps} steps of the next` : "";
  return `${position.epoch} of ${epochs} epochs are done${within} (so far on ${machine.adapter})`;
}
