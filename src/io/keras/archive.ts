import { readZip, writeZip } from "../../files/zip";
import { planArchitecture } from "../../model/architecture";
import { openHdf5 } from "../hdf5/reader";
import { decodeText, parseJson, stringsOf } from "../stored-model";
import type { Snapshot, StoredModel } from "../stored-model";
import { dialectOf, firstKeras3 } from "./activations";
import { kerasJson } from "./json";
import { batchOf, configToKeras, modelFromKeras } from "./model-config";
import { groupNames, storedKeras } from "./stored-keras";
import { compileFromKeras, compileToKeras } from "./training";
import { kerasVersion } from "./version";
import { stateFromNumbered, tensorsInGroup, weightsFromVariables, writeWeightsH5 } from "./weights-h5";

const entryNames = ["metadata.json", "config.json", "model.weights.h5"] as const;
/** Weights can be folded, but not by this much; what claims more is a bomb. */
const maxExpansion = 64;
const smallFile = 2 ** 20;

/** Keras's `.keras`: a zip of the configuration and a `.weights.h5` file. */
export async function readKerasArchive(bytes: Uint8Array): Promise<StoredModel> {
  const [metadataBytes, configBytes, weightsBytes] = readZip(bytes, entryNames, {
    where: "loadModel",
    remedy: "use an undamaged copy of the file",
    other: "pass a file that model.save(…) wrote",
    limit: maxExpansion * bytes.length + smallFile,
  });
  const [metadata, json] = [metadataBytes, configBytes].map((entry, i) =>
    parseJson(decodeText(entry, entryNames[i]), entryNames[i]),
  );
  const notes: string[] = [];
  const model = modelFromKeras(json, notes, dialectOf(metadata.keras_version, firstKeras3));
  const compile = compileFromKeras(json.compile_config, notes);
  const file = await openHdf5(weightsBytes);
  const tensors = file.list();
  const groups = groupNames(model.layers.map(({ className }) => className));
  return storedKeras(
    model,
    {
      format: "keras",
      writer: writerOf(metadata),
      metadata: stringsOf(metadata.metadata),
      notes,
      tensors,
      weights: (architecture) => weightsFromVariables(file, architecture, notes),
      compile,
      state: (optimizer, architecture) => stateFromNumbered(file, optimizer, architecture, notes),
    },
    (_, index) => tensorsInGroup(tensors, groups[index]),
  );
}

function writerOf({ keras_version: version, writer }: Record<string, unknown>): string {
  const keras = `Keras ${typeof version === "string" ? version : "of an unknown version"}`;
  return typeof writer === "string" ? `${keras} (${writer})` : keras;
}

/** Writes a `.keras` archive. */
export async function writeKerasArchive(snapshot: Snapshot): Promise<Uint8Array<ArrayBuffer>> {
  const { config, compile, metadata } = snapshot;
  const architecture = planArchitecture(config.layers);
  const json: Record<string, unknown> = configToKeras(config.name ?? "sequential", architecture);
  json.build_config = { input_shape: [batchOf(architecture), architecture.steps ?? null] };
  if (compile) json.compile_config = compileToKeras(compile);
  const text = (value: unknown): Uint8Array => new TextEncoder().encode(kerasJson(value));
  const about = {
    keras_version: kerasVersion,
    date_saved: savedAt(new Date()),
    writer: "webgpu-rnn",
    metadata,
  };
  return writeZip({
    "metadata.json": text(about),
    "config.json": text(json),
    "model.weights.h5": await writeWeightsH5(architecture, snapshot),
  });
}

/** `2026-11-22@12:02:19`, as Keras writes it. */
function savedAt(date: Date): string {
  return date.toISOString().slice(0, 19).replace("T", "@");
}
