import type { HookName, Logs } from "../model/callback";
import * as errors from "../runtime/errors";

/** Either end of the line between page and worker: a `Worker`, a worker's global scope, a `MessagePort`. */
export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  /** A `MessagePort` holds messages back until it is started. */
  start?(): void;
}

/** The object that answers calls which belong to no model, device or stream. */
export const engineId = 0;

/** What the page says. */
export type Request =
  | {
      kind: "call";
      call: number;
      object: number;
      method: string;
      args: unknown[];
      /** For each callback of `fit`, the hooks it has: functions stay in the page. */
      hooks?: HookName[][];
      /** An `abort` for this call may follow. */
      abortable: boolean;
    }
  | { kind: "abort"; call: number }
  | { kind: "answer"; hook: number; answer: HookAnswer };

/** What the worker says. */
export type Reply =
  | { kind: "result"; call: number; value?: unknown; error?: PlainError }
  | {
      kind: "hook";
      hook: number;
      call: number;
      callback: number;
      name: HookName | "saveSnapshot";
      args: unknown[];
      state: TrainingState;
    }
  | { kind: "event"; listener: number; value: unknown };

/** What a callback may read and change of the model in training, as a copy that goes both ways. */
export interface TrainingState {
  stopTraining: boolean;
  learningRate: number;
  /** Goes to the page alone. */
  readonly learningRateSchedule?: string;
}

/** What a hook has done: changed the state, added to the logs, returned what is to be kept, or thrown. */
export interface HookAnswer {
  state?: TrainingState;
  logs?: Logs;
  value?: unknown;
  error?: PlainError;
}

/** A device as it is named in `compile` across the border. */
export interface DeviceReference {
  webgpuRnnDevice: number;
}

/** An error as plain data: structured cloning would lose its class. */
export interface PlainError {
  name: string;
  message: string;
  stack?: string;
}

/** The error as plain data. */
export function toPlain(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  return { name: error.name, message: error.message, stack: error.stack };
}

/** The error with its class, where it is one of this library's or an abort, and its name where it is not. */
export function fromPlain({ name, message, stack }: PlainError): Error {
  if (name === "AbortError") return new DOMException(message, name);
  const classes: Record<string, unknown> = errors;
  const known = Object.hasOwn(classes, name) && name.endsWith("Error");
  const ErrorClass = known ? (classes[name] as typeof Error) : Error;
  const error = new ErrorClass(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** The buffers of all typed arrays in `value`, for handing them over instead of copying them. */
export function buffersIn(value: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const visit = (part: unknown): void => {
    if (ArrayBuffer.isView(part)) {
      if (part.buffer instanceof ArrayBuffer && part.byteLength === part.buffer.byteLength)
        found.add(part.buffer);
    } else if (Array.isArray(part)) {
      if (typeof part[0] === "object") part.forEach(visit);
    } else if (typeof part === "object" && part !== null) {
      Object.values(part).forEach(visit);
    }
  };
  visit(value);
  return [...found];
}
