import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's root. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** Prints one line about the set-up; on stderr, so that a job's own output stays clean. */
export function say(line) {
  console.error(`set-up: ${line}`);
}

/**
 * Runs a program to its end, its output kept.
 *
 * @returns `{ code, output, error }`; `code` is null where it could not be started or took longer than `timeout` ms.
 */
export function capture(command, args, { env = {}, timeout, shell = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout,
      killSignal: "SIGKILL",
      shell,
    });
    let output = "";
    let error = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (error += chunk));
    child.on("error", (reason) => resolve({ code: null, output, error: String(reason) }));
    child.on("close", (code) => resolve({ code, output, error }));
  });
}

/** Runs a program on this terminal and resolves to its exit code. Ctrl-C is the program's own affair. */
export function passThrough(command, args, env = {}) {
  const ignore = () => undefined;
  process.on("SIGINT", ignore);
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: "inherit" });
    const forward = (signal) => child.kill(signal);
    process.on("SIGTERM", forward);
    child.on("error", (reason) => {
      console.error(String(reason));
      resolve(1);
    });
    child.on("close", (code, signal) => {
      process.off("SIGINT", ignore);
      process.off("SIGTERM", forward);
      resolve(code ?? (signal === "SIGINT" ? 130 : 1));
    });
  });
}

/** Runs one of npm's commands, its output kept. */
export function npm(args, options = {}) {
  const script = process.env.npm_execpath;
  if (script?.endsWith("npm-cli.js")) return capture(process.execPath, [script, ...args], options);
  return capture("npm", args, { ...options, shell: process.platform === "win32" });
}

/** The last lines of what a failed program said. */
export function lastLines({ output, error }, count = 12) {
  return `${output}\n${error}`.trim().split("\n").slice(-count).join("\n");
}
