import fc from "fast-check";

const bytesOf = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0) & 255);
const little = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 255n));

const small = fc.integer({ min: 0, max: 255 });
const size = fc.oneof(fc.nat({ max: 12 }), fc.constantFrom(2 ** 16, 2 ** 31, 2 ** 32 - 1));
const names = fc.constantFrom(
  ...["numpy\nndarray", "numpy\ndtype", "numpy.core.multiarray\n_reconstruct", "_codecs\nencode"],
  ...["os\nsystem", "builtins\neval", "numpy\nload", "__main__\n__reduce__"],
);

/** Opcodes with their operands, most of them right: what a pickle of arrays is made of, and what may call. */
const operation: fc.Arbitrary<number[]> = fc.oneof(
  fc.constantFrom(...Array.from("(]l)aet}.NRb01\x81\x85\x86\x87\x88\x89\x93\x94", (c) => bytesOf(c))),
  small.map((n) => [...bytesOf("K"), n]),
  size.map((n) => [...bytesOf("J"), ...little(n, 4)]),
  fc.tuple(small, fc.constantFrom("q", "h", "C", "U", "\x8c", "\x8a")).map(([n, c]) => [...bytesOf(c), n]),
  fc
    .tuple(size, fc.constantFrom("r", "j", "X", "B", "T", "\x8b"))
    .map(([n, c]) => [...bytesOf(c), ...little(n, 4)]),
  fc.tuple(size, fc.constantFrom("\x8d", "\x8e", "\x95")).map(([n, c]) => [...bytesOf(c), ...little(n, 8)]),
  names.map((name) => bytesOf(`c${name}\n`)),
  fc.constantFrom("b", "O8", "i8", "<", "|", "latin1").map((text) => [0x55, text.length, ...bytesOf(text)]),
);

/** A pickle of protocol 2 to 4 that is well-formed byte by byte, and makes sense only by luck. */
export const pickles: fc.Arbitrary<Uint8Array> = fc
  .tuple(fc.integer({ min: 2, max: 4 }), fc.array(operation, { maxLength: 60 }))
  .map(([protocol, operations]) => Uint8Array.from([0x80, protocol, ...operations.flat(), 0x2e]));

/** Whatever is asked for by the name of something that can be called. */
export const callables: fc.Arbitrary<string> = fc.constantFrom(
  ...["os.system", "posix.system", "nt.system", "subprocess.Popen", "builtins.eval", "builtins.exec"],
  ...["__builtin__.eval", "builtins.getattr", "builtins.__import__", "importlib.import_module"],
  ...[
    "numpy.load",
    "numpy.core.multiarray.fromfile",
    "numpy.ndarray.tofile",
    "pickle.loads",
    "copyreg.__newobj__",
  ],
  ...["_codecs.decode", "_codecs.lookup", "numpy.dtype.__new__", "webbrowser.open", "shutil.rmtree"],
);

/** Pickles that ask for `callable` and call it, in the ways that a pickle can name and call. */
export function callingPickles(callable: string): Uint8Array[] {
  const at = callable.lastIndexOf(".");
  const [module, name] = [callable.slice(0, at), callable.slice(at + 1)];
  const text = (value: string): number[] => [0x8c, value.length, ...bytesOf(value)];
  const global = bytesOf(`c${module}\n${name}\n`);
  const stacked = [...text(module), ...text(name), 0x93];
  const argument = [...bytesOf("U\x02id"), 0x85];
  return [
    [0x80, 2, ...global, ...argument, ...bytesOf("R.")],
    [0x80, 4, ...stacked, ...argument, ...bytesOf("R.")],
    [0x80, 2, ...global, ...argument, ...bytesOf("\x81.")],
    [0x80, 2, ...bytesOf(`(i${module}\n${name}\n.`)],
    [0x80, 2, ...bytesOf("("), ...global, ...bytesOf("U\x02ido.")],
    [0x80, 4, ...stacked, ...argument, ...bytesOf("}\x92.")],
    [0x80, 2, ...bytesOf("]"), ...global, ...argument, ...bytesOf("Ra.")],
    [0x80, 2, ...global, ...bytesOf("}b.")],
  ].map((bytes) => Uint8Array.from(bytes));
}
