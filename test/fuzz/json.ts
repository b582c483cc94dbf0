import fc from "fast-check";

type Json = unknown;

/** What a file may hold where something else is expected. */
const hostile: readonly Json[] = [
  ...[null, true, 0, -1, 1.5, 2 ** 31, 2 ** 53, 1e308, "", "x", "__proto__", "../../etc/passwd"],
  ...[[], {}, [[]], [null], { config: null }, { class_name: "Sequential", config: {} }, "a".repeat(5000)],
];
const keys = ["__proto__", "constructor", "toString", "", "config", "shape", "units", "layers"];

/** One change to a tree of JSON, at the node that comes `at` of the way through it. */
export interface Graft {
  readonly at: number;
  readonly how: "replace" | "remove" | "repeat" | "rename";
  readonly value: number;
}

export const grafts: fc.Arbitrary<Graft[]> = fc.array(
  fc.record({
    at: fc.nat({ max: 999_999 }).map((n) => n / 1e6),
    how: fc.constantFrom("replace" as const, "remove" as const, "repeat" as const, "rename" as const),
    value: fc.nat({ max: 1000 }),
  }),
  { minLength: 1, maxLength: 3 },
);

/** A copy with all changes made. */
export function grafted(json: Json, list: readonly Graft[]): Json {
  const root = { json: structuredClone(json) };
  for (const graft of list) {
    const places = placesIn(root);
    change(places[Math.floor(graft.at * places.length)], graft);
  }
  return root.json;
}

interface Place {
  readonly parent: Record<string, Json> | Json[];
  readonly key: string;
}

function placesIn(parent: Record<string, Json> | Json[]): Place[] {
  return Object.keys(parent).flatMap((key): Place[] => {
    const value = (parent as Record<string, Json>)[key];
    const below = typeof value === "object" && value !== null ? placesIn(value as Json[]) : [];
    return [{ parent, key }, ...below];
  });
}

function change({ parent, key }: Place, { how, value }: Graft): void {
  const own = parent as Record<string, Json>;
  if (Array.isArray(parent) && how !== "replace") {
    const count = how === "remove" ? 1 : 0;
    parent.splice(Number(key), count, ...(how === "repeat" ? [structuredClone(own[key])] : []));
  } else if (how === "replace" || key === "json") own[key] = structuredClone(hostile[value % hostile.length]);
  else {
    const before = own[key];
    Reflect.deleteProperty(own, key);
    if (how === "remove") return;
    const name = keys[value % keys.length];
    Object.defineProperty(own, name, { value: before, enumerable: true, configurable: true, writable: true });
  }
}

/** JSON of any kind, as bytes. */
export const anyJson: fc.Arbitrary<Uint8Array> = fc
  .oneof(
    fc.json({ maxDepth: 5 }),
    fc
      .dictionary(fc.oneof(fc.string(), fc.constantFrom(...keys)), fc.jsonValue())
      .map((v) => JSON.stringify(v)),
    fc.string(),
  )
  .map((text) => new TextEncoder().encode(text));
