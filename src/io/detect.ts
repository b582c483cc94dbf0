/** Model file formats that can be told apart by their first bytes. */
export type FileKind = "safetensors" | "keras" | "h5" | "tfjs" | "onnx" | "unknown";

/** How a message names each kind. */
export const kindNames: Record<FileKind, string> = {
  safetensors: "a safetensors file",
  keras: "a zip archive, as .keras files are",
  h5: "an HDF5 file, as .h5 files are",
  tfjs: "JSON, as TF.js's model.json is",
  onnx: "an ONNX file",
  unknown: "bytes of no known model format",
};

const signatures: Partial<Record<FileKind, readonly number[]>> = {
  keras: [0x50, 0x4b, 0x03, 0x04],
  h5: [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a],
};

/** The kind of model file that `bytes` look like; only the first few are looked at. */
export function detectKind(bytes: Uint8Array): FileKind {
  for (const [kind, signature] of Object.entries(signatures)) {
    if (signature.every((byte, index) => bytes[index] === byte)) return kind as FileKind;
  }
  // Eight bytes of header length below 2³², then JSON.
  const isShortLength = bytes.subarray(4, 8).every((byte) => byte === 0);
  if (bytes.length > 8 && isShortLength && bytes[8] === openingBrace) return "safetensors";
  const text = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart();
  if (text.startsWith("{")) return "tfjs";
  // A protobuf that begins with field 1, ir_version, of a small number.
  if (bytes.length > 16 && bytes[0] === 0x08 && bytes[1] > 0 && bytes[1] < 0x20) return "onnx";
  return "unknown";
}

const openingBrace = 0x7b;
