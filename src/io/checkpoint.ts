import type { CheckpointStore, TrainingSnapshot } from "../model/snapshot";
import { checkMetadata, positionPrefix as prefix, readModelFile, writeModelFile } from "./native";
import { pack, unpack } from "./packed";
import { isRecord, parseJson, refused, shown } from "./stored-model";

/**
 * A snapshot of a training as a file: the model's own format, which `loadModel` opens as a model, with the training's
 * position in its metadata. Like every file of that format it carries a checksum.
 *
 * @param metadata strings of yours, as `saveModel` takes them
 * @throws InvalidInputError when `metadata` uses a reserved name or holds something but strings
 * @example
 * await writeFileAtomic("run.safetensors", encodeCheckpoint(snapshot));
 */
export function encodeCheckpoint(
  snapshot: TrainingSnapshot,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const { config, weights, compile, optimizer, ...rest } = snapshot;
  const position = pack({ ...rest, compile }, prefix);
  return writeModelFile({ config, weights, compile, state: optimizer, metadata, position });
}

/** What a checkpoint's file holds. */
export interface CheckpointFile {
  snapshot: TrainingSnapshot;
  metadata: Record<string, string>;
}

/**
 * Reads what `encodeCheckpoint` wrote.
 *
 * @throws FormatError when the file is damaged, cut off, or a model without a training's position
 * @example
 * const { snapshot } = decodeCheckpoint(bytes);
 * await model.fit(x, y, { epochs: 10, resume: snapshot });
 */
export function decodeCheckpoint(bytes: Uint8Array): CheckpointFile {
  const file = readModelFile(bytes);
  if (file.position === undefined) {
    const remedy = "pass a file that fit wrote as a checkpoint, or load this one by loadModel";
    throw refused("a checkpoint", "a model without a training's position", remedy);
  }
  const position = unpack(parseJson(file.position, "the training's position"), file.tensorsByName, prefix);
  const { compile, settings, history, callbacks, machine, carried, ...rest } = checked(position);
  const state = file.ownState();
  if (state?.learningRate === undefined || !file.config)
    throw refused("layers and an optimizer's state", "none");
  return {
    metadata: file.metadata,
    snapshot: {
      config: { ...file.config, name: file.config.name ?? "sequential" },
      weights: file.ownWeights(),
      optimizer: { ...state, learningRate: state.learningRate },
      compile,
      settings,
      position: rest.position,
      history,
      callbacks,
      machine,
      carried,
    },
  };
}

type Position = Omit<TrainingSnapshot, "config" | "weights" | "optimizer">;

/** The outline of a position; what it means for a model is checked where it is resumed. */
function checked(value: unknown): Position {
  const fits =
    isRecord(value) &&
    [value.compile, value.settings, value.history, value.machine].every(isRecord) &&
    Array.isArray(value.callbacks) &&
    Array.isArray(value.carried) &&
    value.carried.every((values) => values instanceof Float32Array) &&
    isPosition(value.position) &&
    isHistory(value.history);
  if (fits) return value as unknown as Position;
  throw refused("a training's position", shown(value), "train anew without resume");
}

function isPosition(value: unknown): boolean {
  if (!isRecord(value) || !isRecord(value.sums) || !isRecord(value.generators)) return false;
  const { epoch, step, sums, generators, stopped } = value;
  const { loss, samples, right, answers } = sums;
  return (
    [epoch, step].every((number) => Number.isSafeInteger(number) && (number as number) >= 0) &&
    [loss, samples, right, answers].every((number) => typeof number === "number") &&
    Array.isArray(generators.order) &&
    typeof stopped === "boolean"
  );
}

function isHistory(value: unknown): boolean {
  const isList = (list: unknown): boolean =>
    Array.isArray(list) && list.every((number) => typeof number === "number");
  if (!isRecord(value) || !isRecord(value.history)) return false;
  return isList(value.epoch) && Object.values(value.history).every(isList);
}

/** A place for one file's bytes: replaced wholly or not at all. */
export interface ByteStore {
  save(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Undefined where there is nothing. */
  load(): Promise<Uint8Array | undefined>;
  clear(): Promise<void>;
}

/**
 * A store of checkpoints in a place for bytes.
 *
 * @param options.metadata strings of yours, kept in every file
 * @throws InvalidInputError when `metadata` uses a reserved name or holds something but strings
 * @example
 * const store = checkpointStore({
 *   save: (bytes) => put("/checkpoint", bytes),
 *   load: () => get("/checkpoint"),
 *   clear: () => remove("/checkpoint"),
 * });
 * await model.fit(x, y, { epochs: 10, checkpoint: { store, everySteps: 100 }, resume: true });
 */
export function checkpointStore(
  bytes: ByteStore,
  { metadata = {} }: { metadata?: Readonly<Record<string, string>> } = {},
): CheckpointStore {
  checkMetadata(metadata);
  return {
    save: (snapshot) => bytes.save(encodeCheckpoint(snapshot, metadata)),
    async load() {
      const file = await bytes.load();
      return file && decodeCheckpoint(file).snapshot;
    },
    clear: () => bytes.clear(),
  };
}
