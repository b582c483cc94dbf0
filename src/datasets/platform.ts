import type { Platform, Store } from "./store";

const CACHE_NAME = "webgpu-rnn";

/** Cache Storage wants URLs as keys; these lead nowhere. */
const keyOf = (name: string): string => `/${CACHE_NAME}/${name}`;

function cacheStorageStore(cache: Cache): Store {
  return {
    place: "this site's Cache Storage",
    async read(name) {
      const response = await cache.match(keyOf(name));
      return response && new Uint8Array(await response.arrayBuffer());
    },
    write: (name, bytes) => cache.put(keyOf(name), new Response(bytes)),
  };
}

export const browserPlatform: Platform = {
  async cache() {
    if (!("caches" in globalThis)) return undefined;
    return cacheStorageStore(await caches.open(CACHE_NAME));
  },
};

/** Node's folders, or the browser's Cache Storage where there is one. */
export async function currentPlatform(): Promise<Platform> {
  const isNode = typeof process !== "undefined" && typeof process.versions?.node === "string";
  if (!isNode) return browserPlatform;
  const { nodePlatform } = await import("../node/dataset-store");
  return nodePlatform;
}
