import {
  type PickleValue,
  PickledTuple,
  callGlobal,
  damagedPickle,
  pickledGlobal,
  setState,
} from "./pickle-values";

/** Bounds on what a pickle may make of its bytes; the IMDB reviews take six million steps and 25,000 lists. */
const MOST_STEPS = 2 ** 25;
const MOST_OBJECTS = 2 ** 20;

/**
 * The stack machine of Python's pickle, for arrays and lists only. It never recurses and never runs anything;
 * what it allocates is bounded by the length of its input and by the limits above.
 */
class Unpickler {
  at = 0;
  readonly stack: PickleValue[] = [];
  /** Heights of the stack at the open marks; nothing below the last one may be popped. */
  readonly marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();
  readonly #view: DataView;
  #objects = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly where: string,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): PickleValue {
    if (this.take(1) !== 0 || this.bytes[0] !== 0x80) {
      throw damagedPickle(this.where, "a pickle of protocol 2, 3 or 4", "other bytes");
    }
    this.at = 0;
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const start = this.take(1);
      const code = this.bytes[start];
      if (code === STOP) return this.#result();
      const operation = operations[code];
      if (!operation) {
        const got = `operation 0x${code.toString(16)} at byte ${start}`;
        throw damagedPickle(this.where, "a pickle of arrays and lists", got);
      }
      operation(this);
    }
    throw damagedPickle(this.where, `at most ${MOST_STEPS} steps in the pickle`, "more");
  }

  #result(): PickleValue {
    if (this.stack.length === 1 && this.marks.length === 0) return this.stack[0];
    throw damagedPickle(this.where, "one value at the pickle's end", `${this.stack.length}`);
  }

  /** Where the next `count` bytes start; moves past them. */
  take(count: number): number {
    const start = this.at;
    if (start + count > this.bytes.length) {
      throw damagedPickle(this.where, "a whole pickle", `one cut off at byte ${this.bytes.length}`);
    }
    this.at = start + count;
    return start;
  }

  uint8(): number {
    return this.bytes[this.take(1)];
  }
  uint16(): number {
    return this.#view.getUint16(this.take(2), true);
  }
  int32(): number {
    return this.#view.getInt32(this.take(4), true);
  }
  uint32(): number {
    return this.#view.getUint32(this.take(4), true);
  }
  uint64(): number {
    return Number(this.#view.getBigUint64(this.take(8), true));
  }
  span(length: number): Uint8Array {
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }
  text(length: number): string {
    return new TextDecoder().decode(this.span(length));
  }
  /** Text up to the end of the line, as GLOBAL has it. */
  line(): string {
    const end = this.bytes.subarray(this.at, this.at + 256).indexOf(10);
    const text = this.text(end < 0 ? 256 : end);
    this.take(1);
    return text;
  }
  /** A two's complement number of any width; beyond 2⁵³ it could be no token. */
  long(length: number): number {
    const digits = this.span(length);
    if (length > 8) throw damagedPickle(this.where, "whole numbers below 2^53", `one of ${length} bytes`);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(digits[i]);
    const number = Number(BigInt.asIntN(8 * length, value));
    if (!Number.isSafeInteger(number))
      throw damagedPickle(this.where, "whole numbers below 2^53", `${number}`);
    return number;
  }

  push(value: PickleValue): void {
    this.stack.push(value);
  }
  /** Pushes what takes memory of its own. */
  make(value: PickleValue): void {
    this.count();
    this.stack.push(value);
  }
  count(): void {
    if (++this.#objects > MOST_OBJECTS) {
      throw damagedPickle(this.where, `at most ${MOST_OBJECTS} objects in the pickle`, "more");
    }
  }
  pop(): PickleValue {
    if (this.stack.length > (this.marks.at(-1) ?? 0)) {
      const value = this.stack.pop();
      if (value !== undefined) return value;
    }
    throw damagedPickle(this.where, "a value on the pickle's stack", "an empty one");
  }
  popMark(): PickleValue[] {
    const height = this.marks.pop();
    if (height === undefined) throw damagedPickle(this.where, "a mark on the pickle's stack", "none");
    return this.stack.splice(height);
  }
  top(): PickleValue {
    const value = this.pop();
    this.stack.push(value);
    return value;
  }
  tuple(length: number): void {
    const items: PickleValue[] = [];
    for (let i = 0; i < length; i++) items.unshift(this.pop());
    this.make(new PickledTuple(items));
  }
  append(values: PickleValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw damagedPickle(this.where, "a list to append to", "something else");
    for (const value of values) list.push(value);
  }
  global(module: string, name: string): void {
    this.make(pickledGlobal(module, name, this.where));
  }
  remember(key: number): void {
    this.count();
    this.#memo.set(key, this.top());
  }
  rememberNext(): void {
    this.remember(this.#memo.size);
  }
  recall(key: number): void {
    const value = this.#memo.get(key);
    if (value === undefined) throw damagedPickle(this.where, "a value kept before", `none under ${key}`);
    this.push(value);
  }
  protocol(version: number): void {
    if (version < 2 || version > 4) {
      throw damagedPickle(this.where, "a pickle of protocol 2, 3 or 4", `protocol ${version}`);
    }
  }
}

const STOP = 0x2e;

/** By opcode, under the names of Python's `pickletools`. */
const operations: ((p: Unpickler) => void)[] = [];
const on = (code: string, operation: (p: Unpickler) => void) => (operations[code.charCodeAt(0)] = operation);

on("K", (p) => p.push(p.uint8())); // BININT1
on("M", (p) => p.push(p.uint16())); // BININT2
on("J", (p) => p.push(p.int32())); // BININT
on("\x8a", (p) => p.push(p.long(p.uint8()))); // LONG1
on("\x8b", (p) => p.push(p.long(p.uint32()))); // LONG4
on("N", (p) => p.push(null)); // NONE
on("\x88", (p) => p.push(true)); // NEWTRUE
on("\x89", (p) => p.push(false)); // NEWFALSE

on("\x8c", (p) => p.make(p.text(p.uint8()))); // SHORT_BINUNICODE
on("X", (p) => p.make(p.text(p.uint32()))); // BINUNICODE
on("\x8d", (p) => p.make(p.text(p.uint64()))); // BINUNICODE8
on("C", (p) => p.make(p.span(p.uint8()))); // SHORT_BINBYTES
on("B", (p) => p.make(p.span(p.uint32()))); // BINBYTES
on("\x8e", (p) => p.make(p.span(p.uint64()))); // BINBYTES8
on("U", (p) => p.make(p.span(p.uint8()))); // SHORT_BINSTRING
on("T", (p) => p.make(p.span(p.uint32()))); // BINSTRING

on("(", (p) => p.marks.push(p.stack.length)); // MARK
on("0", (p) => p.pop()); // POP
on("1", (p) => p.popMark()); // POP_MARK
on("]", (p) => p.make([])); // EMPTY_LIST
on("l", (p) => p.make(p.popMark())); // LIST
on("a", (p) => p.append([p.pop()])); // APPEND
on("e", (p) => p.append(p.popMark())); // APPENDS
on(")", (p) => p.tuple(0)); // EMPTY_TUPLE
on("\x85", (p) => p.tuple(1)); // TUPLE1
on("\x86", (p) => p.tuple(2)); // TUPLE2
on("\x87", (p) => p.tuple(3)); // TUPLE3
on("t", (p) => p.make(new PickledTuple(p.popMark()))); // TUPLE

on("q", (p) => p.remember(p.uint8())); // BINPUT
on("r", (p) => p.remember(p.uint32())); // LONG_BINPUT
on("\x94", (p) => p.rememberNext()); // MEMOIZE
on("h", (p) => p.recall(p.uint8())); // BINGET
on("j", (p) => p.recall(p.uint32())); // LONG_BINGET

on("c", (p) => p.global(p.line(), p.line())); // GLOBAL
on("\x93", (p) => stackGlobal(p)); // STACK_GLOBAL
on("R", (p) => reduce(p)); // REDUCE
on("b", (p) => build(p)); // BUILD
on("\x80", (p) => p.protocol(p.uint8())); // PROTO
on("\x95", (p) => p.uint64()); // FRAME

function stackGlobal(p: Unpickler): void {
  const name = p.pop();
  const module = p.pop();
  if (typeof module !== "string" || typeof name !== "string") {
    throw damagedPickle(p.where, "text as the name of a global", "something else");
  }
  p.global(module, name);
}

function reduce(p: Unpickler): void {
  const args = p.pop();
  p.make(callGlobal(p.pop(), args, p.where));
}

function build(p: Unpickler): void {
  const state = p.pop();
  setState(p.top(), state, p.where);
}

/**
 * Reads a pickle of protocol 2, 3 or 4, from Python 2 or 3, that holds lists, numbers and NumPy arrays.
 *
 * @param bytes the pickle
 * @param where what to call the file in messages
 * @throws FormatError where the pickle is damaged, asks for any global beyond those that arrays need (named in
 * the message; nothing is ever run), or would take more memory than a data set does
 * @see https://docs.python.org/3/library/pickle.html
 */
export function readPickle(bytes: Uint8Array, where: string): PickleValue {
  return new Unpickler(bytes, where).run();
}
