import { zipSync } from "fflate";

const latin1 = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));

/** An object array of rows [5, 300, 70000], [], [1, 2147483653], pickled by NumPy 2 with Python 3. */
export const pickledByPython3: Record<2 | 3 | 4, string> = {
  2: "gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQBjbnVtcHkKbmRhcnJheQpxAUsAhXECY19jb2RlY3MKZW5jb2RlCnEDWAEAAABicQRYBgAAAGxhdGluMXEFhnEGUnEHh3EIUnEJKEsBSwOFcQpjbnVtcHkKZHR5cGUKcQtYAgAAAE84cQyJiIdxDVJxDihLA1gBAAAAfHEPTk5OSv////9K/////0s/dHEQYoldcREoXXESKEsFTSwBSnARAQBlXXETXXEUKEsBigUFAACAAGVldHEVYi4=",
  3: "gANjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQBjbnVtcHkKbmRhcnJheQpxAUsAhXECQwFicQOHcQRScQUoSwFLA4VxBmNudW1weQpkdHlwZQpxB1gCAAAATzhxCImIh3EJUnEKKEsDWAEAAAB8cQtOTk5K/////0r/////Sz90cQxiiV1xDShdcQ4oSwVNLAFKcBEBAGVdcQ9dcRAoSwGKBQUAAIAAZWV0cRFiLg==",
  4: "gASVpwAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChLAUsDhZRoA4wFZHR5cGWUk5SMAk84lImIh5RSlChLA4wBfJROTk5K/////0r/////Sz90lGKJXZQoXZQoSwVNLAFKcBEBAGVdlF2UKEsBigUFAACAAGVldJRiLg==",
};

/** One row that is itself the int64 array [3, 1, 2], by the same. */
export const pickledNumbers: Record<2 | 4, string> = {
  2: "gAJjbnVtcHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQBjbnVtcHkKbmRhcnJheQpxAUsAhXECY19jb2RlY3MKZW5jb2RlCnEDWAEAAABicQRYBgAAAGxhdGluMXEFhnEGUnEHh3EIUnEJKEsBSwGFcQpjbnVtcHkKZHR5cGUKcQtYAgAAAE84cQyJiIdxDVJxDihLA1gBAAAAfHEPTk5OSv////9K/////0s/dHEQYoldcRFoAGgBSwCFcRJoB4dxE1JxFChLAUsDhXEVaAtYAgAAAGk4cRaJiIdxF1JxGChLA1gBAAAAPHEZTk5OSv////9K/////0sAdHEaYoloA1gYAAAAAwAAAAAAAAABAAAAAAAAAAIAAAAAAAAAcRtoBYZxHFJxHXRxHmJhdHEfYi4=",
  4: "gASV4wAAAAAAAACMFm51bXB5Ll9jb3JlLm11bHRpYXJyYXmUjAxfcmVjb25zdHJ1Y3SUk5SMBW51bXB5lIwHbmRhcnJheZSTlEsAhZRDAWKUh5RSlChLAUsBhZRoA4wFZHR5cGWUk5SMAk84lImIh5RSlChLA4wBfJROTk5K/////0r/////Sz90lGKJXZRoAmgFSwCFlGgHh5RSlChLAUsDhZRoDIwCaTiUiYiHlFKUKEsDjAE8lE5OTkr/////Sv////9LAHSUYolDGAMAAAAAAAAAAQAAAAAAAAACAAAAAAAAAJR0lGJhdJRiLg==",
};

export const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));

function int32(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255];
}

/** A pickle of an object array as Python 2 and NumPy 1 wrote it: protocol 2, names and bytes as byte strings. */
export function pickleLikePython2(rows: number[][]): Uint8Array {
  const text = (value: string) => [0x55, value.length, ...latin1(value)];
  const row = (ids: number[]) => [0x5d, 0x28, ...ids.flatMap((id) => [0x4a, ...int32(id)]), 0x65];
  return Uint8Array.from([
    ...[0x80, 2],
    ...latin1("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85"),
    ...[...text("b"), ...latin1("\x87R(K\x01J"), ...int32(rows.length), 0x85],
    ...[...latin1("cnumpy\ndtype\n"), ...text("O8"), ...latin1("K\0K\x01\x87R(K\x03")],
    ...[...text("|"), ...latin1("NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb\x89](")],
    ...[...rows.flatMap(row), ...latin1("etb.")],
  ]);
}

/** An npy file of version 1 with one axis. */
export function npy(descr: string, length: number, body: Uint8Array): Uint8Array {
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${length},), }\n`;
  const head = [...latin1("\x93NUMPY\x01\0"), dictionary.length & 255, dictionary.length >> 8];
  return Uint8Array.from([...head, ...latin1(dictionary), ...body]);
}

export const objects = (rows: number[][]): Uint8Array => npy("|O", rows.length, pickleLikePython2(rows));

export const labels = (values: number[]): Uint8Array =>
  npy("<i8", values.length, new Uint8Array(BigInt64Array.from(values, BigInt).buffer));

export const rawTrain = { x: [[1, 2, 3], [9, 1], [4, 4, 4, 4], [20], [7, 8]], y: [1, 0, 1, 0, 1] };
export const rawTest = { x: [[5, 6], [30, 1, 2], [3]], y: [0, 1, 1] };

/** A small imdb.npz; `entries` replaces or adds entries. */
export function smallNpz(entries: Record<string, Uint8Array> = {}, level: 0 | 6 = 6): Uint8Array {
  const usual = {
    "x_train.npy": objects(rawTrain.x),
    "y_train.npy": labels(rawTrain.y),
    "x_test.npy": objects(rawTest.x),
    "y_test.npy": labels(rawTest.y),
  };
  return zipSync({ ...usual, ...entries }, { level });
}
