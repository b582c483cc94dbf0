import { isRecord, shown } from "../stored-model";

/** A layer as it stands in a Keras file. */
export interface KerasLayer {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Only in a Functional model: what the layer is called on. */
  readonly calls?: unknown;
}

/** What a layer of a Functional model is called on. */
interface Call {
  /** Names of the layers whose outputs it takes. */
  readonly inputs: readonly string[];
  /** The layer that computes the mask it is given, if it is given one. */
  readonly mask: string | undefined;
}

/**
 * The layers of a Functional model, one behind the other; Keras 3 writes the mask of an embedding as a layer of
 * its own, which is left out here.
 *
 * @returns the layers, and in words why they form no chain, undefined where they do
 */
export function chainOf(all: readonly KerasLayer[]): {
  layers: readonly KerasLayer[];
  branch: string | undefined;
} {
  const masks = new Set(all.filter(isMask).map(nameOf));
  const layers = all.filter((layer) => !masks.has(nameOf(layer)));
  const calls = new Map(layers.map((layer) => [nameOf(layer), callsOf(layer)]));
  const branch = layers.map((layer) => branchAt(layer, calls.get(nameOf(layer)) ?? [], masks)).find(Boolean);
  if (branch !== undefined) return { layers: all, branch };
  const first = layers.filter(({ className }) => className === "InputLayer");
  if (first.length !== 1) return { layers: all, branch: `${first.length} inputs` };
  const chain = [first[0]];
  for (;;) {
    const last = nameOf(chain[chain.length - 1]);
    const next = layers.filter((layer) => calls.get(nameOf(layer))?.[0]?.inputs[0] === last);
    if (next.length > 1) {
      return {
        layers: all,
        branch: `"${last}" followed by ${next.map((layer) => `"${nameOf(layer)}"`).join(", ")}`,
      };
    }
    if (next.length === 0) break;
    chain.push(next[0]);
    if (chain.length > layers.length) return { layers: all, branch: "layers in a circle" };
  }
  if (chain.length === layers.length) return { layers: chain, branch: undefined };
  return { layers: all, branch: "layers that the input does not reach" };
}

/** Why a layer cannot stand in a chain. */
function branchAt(layer: KerasLayer, calls: readonly Call[], masks: ReadonlySet<string>): string | undefined {
  if (layer.className === "InputLayer") return undefined;
  const name = `"${nameOf(layer)}"`;
  if (calls.length !== 1) return `${name} called ${calls.length} times`;
  const [{ inputs, mask }] = calls;
  if (inputs.length !== 1) return `${name} with ${inputs.length} inputs`;
  return mask === undefined || masks.has(mask) ? undefined : `${name} with a mask of "${mask}"`;
}

/** Keras 3's mask of an embedding: tokens that are not 0. */
function isMask({ className, calls }: KerasLayer): boolean {
  const [call] = Array.isArray(calls) ? (calls as unknown[]) : [];
  return className === "NotEqual" && isRecord(call) && Array.isArray(call.args) && call.args[1] === 0;
}

function nameOf({ config, className }: KerasLayer): string {
  return typeof config.name === "string" ? config.name : className;
}

/** Keras 2: `[[["layer", 0, 0, {}]]]`; Keras 3: arguments with a tensor's `keras_history`. */
function callsOf({ calls }: KerasLayer): Call[] {
  if (!Array.isArray(calls)) return [];
  return calls.map((call: unknown): Call => {
    if (!isRecord(call)) return { inputs: (Array.isArray(call) ? call : []).map(inputName), mask: undefined };
    const kwargs = isRecord(call.kwargs) ? call.kwargs : {};
    return { inputs: tensorsIn(call.args), mask: tensorsIn(kwargs.mask)[0] };
  });
}

function inputName(input: unknown): string {
  return Array.isArray(input) && typeof input[0] === "string" ? input[0] : shown(input);
}

function tensorsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  if (!isRecord(value) || value.class_name !== "__keras_tensor__" || !isRecord(value.config)) return [];
  const { keras_history: history } = value.config;
  return [inputName(history)];
}
