import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { expect } from "vitest";
import { decodeCheckpoint } from "../../src/io/index";
import { uniformStream, type Uniform } from "../support/random";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Bundles the child, for Node runs no TypeScript; inside the project, where it finds its packages. */
export async function buildChild(): Promise<string> {
  const outDir = join(root, ".cache", `kill-${process.pid}`);
  await build({
    configFile: false,
    root,
    logLevel: "error",
    build: {
      ssr: fileURLToPath(new URL("child.ts", import.meta.url)),
      outDir,
      target: "node20",
      rolldownOptions: { external: ["webgpu"], output: { entryFileNames: "child.js" } },
    },
  });
  return join(outDir, "child.js");
}

/** When a child is killed: so many ms after it has said a line for the n-th time. */
interface KillPlan {
  line: "started" | "training" | "saving";
  count: number;
  delay: number;
}

/** What came of a child. */
interface Ending {
  killed: boolean;
  /** What it said last. */
  last: string;
}

async function runChild(child: string, args: string[], plan?: KillPlan): Promise<Ending> {
  const process_ = spawn(process.execPath, [child, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const counts = new Map<string, number>();
  let last = "started";
  let killed = false;
  const hear = (line: string): void => {
    last = line;
    counts.set(line, (counts.get(line) ?? 0) + 1);
    if (plan?.line !== line || counts.get(line) !== plan.count) return;
    setTimeout(() => (killed = process_.kill("SIGKILL")), plan.delay);
  };
  createInterface({ input: process_.stdout }).on("line", hear);
  hear("started");
  const code = await new Promise<number | null>((resolve) => process_.on("close", resolve));
  // A kill that came when all was done has killed nothing.
  if (code === 0) killed = false;
  else expect({ code, killed }).toEqual({ code: null, killed: true });
  return { killed, last };
}

/** A random moment: most while checkpoints are written, some anywhere in training, some before it. */
function randomPlan(uniform: Uniform): KillPlan {
  const kind = uniform();
  if (kind < 0.15) return { line: "started", count: 1, delay: uniform() * 1500 };
  if (kind < 0.5) return { line: "training", count: 1, delay: uniform() * 400 };
  return { line: "saving", count: 1 + Math.floor(uniform() * 15), delay: uniform() * 6 };
}

/** What the kills have met. */
export interface Tally {
  kills: number;
  /** Kills in the middle of a file's writing: the draft was left behind. */
  drafts: number;
  /** Kills before the first checkpoint was complete. */
  early: number;
  /** Trainings that came to their end. */
  ends: number;
}

const results = ["model.safetensors", "history.json"];
const read = (folder: string): Buffer[] => results.map((name) => readFileSync(join(folder, name)));

/**
 * Kills a training at random moments, lets it resume, and kills it again, until it ends; then another one, until
 * there were so many kills. After each the last checkpoint must be whole; each end must have the undisturbed bits.
 */
export async function killAtRandom(
  child: string,
  wanted: Pick<Tally, "kills" | "drafts">,
  seed: number,
): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), "kill-"));
  const uniform = uniformStream(seed);
  const tally: Tally = { kills: 0, drafts: 0, early: 0, ends: 0 };
  try {
    await runChild(child, [folder, "--plain"]);
    const undisturbed = read(folder);
    // Which kills meet a file half-written depends on the machine: more of them until enough have.
    const enough = (): boolean => tally.kills >= wanted.kills && tally.drafts >= wanted.drafts;
    while (!enough() && tally.kills < 3 * wanted.kills) {
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
      await trainThroughKills(child, folder, () => randomPlan(uniform), tally);
      read(folder).forEach((bytes, i) => {
        expect(bytes.equals(undisturbed[i]), `${results[i]} after ${tally.kills} kills`).toBe(true);
      });
      tally.ends++;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return tally;
}

async function trainThroughKills(
  child: string,
  folder: string,
  plan: () => KillPlan,
  tally: Tally,
): Promise<void> {
  let reached = -1;
  for (;;) {
    const { killed } = await runChild(child, [folder], plan());
    if (!killed) return;
    tally.kills++;
    const names = readdirSync(folder);
    if (names.some((name) => name.endsWith(".part"))) tally.drafts++;
    const position = positionIn(folder, names);
    if (position === undefined) tally.early++;
    expect(position ?? -1, "steps done").toBeGreaterThanOrEqual(reached);
    reached = position ?? reached;
  }
}

/** Steps that the checkpoint has done; undefined where there is none. A damaged one fails to be read. */
function positionIn(folder: string, names: readonly string[]): number | undefined {
  const name = "checkpoint.safetensors";
  if (!names.includes(name)) return undefined;
  const { optimizer } = decodeCheckpoint(readFileSync(join(folder, name))).snapshot;
  return optimizer.iterations;
}
