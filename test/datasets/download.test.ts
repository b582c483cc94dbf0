import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { DownloadProgress } from "../../src/datasets/download";
import { imdb } from "../../src/datasets/index";
import { browserPlatform } from "../../src/datasets/platform";
import { type SourceOptions, readSource } from "../../src/datasets/source";
import type { Platform } from "../../src/datasets/store";
import { openFolder, userCacheFolder } from "../../src/node/dataset-store";
import { DownloadError, InvalidInputError } from "../../src/runtime/errors";
import { smallNpz } from "./npz-fixture";

const content = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 3);
const file = { name: "f.bin", sha256: createHash("sha256").update(content).digest("hex") };
const patience = { answer: 400, pause: 400 };

/** How the server answers, by the first part of the path. */
const answers: Record<string, (response: ServerResponse) => void> = {
  good: (response) => response.writeHead(200, { "content-length": content.length }).end(content),
  chunked: (response) => response.writeHead(200).end(content),
  other: (response) => response.end("<html>please log in</html>"),
  missing: (response) => response.writeHead(404).end("no"),
  silent: () => undefined,
  stall: (response) =>
    response.writeHead(200, { "content-length": content.length }).write(content.subarray(0, 1000)),
  cut: (response) => {
    response.writeHead(200, { "content-length": content.length });
    response.write(content.subarray(0, 1000), () => response.destroy());
  },
};

let server: Server;
let address = "";
let requests = 0;
let folder = "";
let platform: Platform;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests++;
    answers[(request.url ?? "").split("/")[1]](response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "webgpu-rnn-test-"));
  platform = { folder: openFolder, cache: () => Promise.resolve(openFolder(join(folder, "cache"))) };
  requests = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (options: SourceOptions, around: Platform = platform) =>
  readSource(file, options, "test", { platform: around, patience });
/** Comparing large arrays item by item would take seconds. */
const expectContent = (bytes: Uint8Array) => expect(Buffer.compare(bytes, content)).toBe(0);
const inCache = () => readdirSync(folder, { recursive: true });

describe("a download", () => {
  test.each(["good", "chunked"])(
    "that succeeds (%s) is kept, whole and alone, and not repeated",
    async (kind) => {
      const baseUrl = `${address}/${kind}`;
      expectContent(await read({ baseUrl }));
      expect(inCache()).toEqual(["cache", join("cache", "f.bin")]);
      expectContent(readFileSync(join(folder, "cache/f.bin")));
      expectContent(await read({ baseUrl }));
      expect(requests).toBe(1);
    },
  );

  test("tells how far it has come", async () => {
    const steps: DownloadProgress[] = [];
    await read({ baseUrl: `${address}/good/`, onProgress: (step) => steps.push(step) });
    expect(steps.at(-1)).toEqual({ file: "f.bin", received: content.length, total: content.length });
    expect(steps.every((step, i) => i === 0 || step.received > steps[i - 1].received)).toBe(true);
  });

  test("of unknown length has no total", async () => {
    const steps: DownloadProgress[] = [];
    await read({ baseUrl: `${address}/chunked`, onProgress: (step) => steps.push(step) });
    expect(steps.at(-1)).toEqual({ file: "f.bin", received: content.length, total: undefined });
  });

  test.each([
    ["other", "SHA-256"],
    ["missing", "404"],
    ["silent", "nothing came"],
    ["stall", "nothing came"],
    ["cut", "f.bin"],
  ])("that goes wrong (%s) is a DownloadError and leaves nothing behind", async (kind, message) => {
    const started = performance.now();
    const error: unknown = await read({ baseUrl: `${address}/${kind}` }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DownloadError);
    expect(String(error)).toContain(message);
    expect(performance.now() - started).toBeLessThan(3000);
    expect(inCache()).toEqual([]);
  });

  test("from a machine that does not answer is a DownloadError", async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    await expect(read({ baseUrl: `http://127.0.0.1:${port}` })).rejects.toThrow(DownloadError);
  });

  test("is noticed within ten seconds by default", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    vi.stubGlobal("fetch", (_: string, { signal }: { signal: AbortSignal }) => {
      return new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(new Error("aborted"))),
      );
    });
    try {
      const outcome = readSource(file, {}, "test", { platform }).catch((reason: unknown) => reason);
      await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0));
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await outcome).toBeInstanceOf(DownloadError);
    } finally {
      vi.unstubAllGlobals();
      vi.useRealTimers();
    }
  });
});

describe("the cache", () => {
  test("that was damaged is filled anew", async () => {
    mkdirSync(join(folder, "cache"));
    writeFileSync(join(folder, "cache/f.bin"), "damaged");
    expectContent(await read({ baseUrl: `${address}/good` }));
    expectContent(readFileSync(join(folder, "cache/f.bin")));
  });

  test("that cannot be written costs a warning, no data, and leaves no part", async () => {
    mkdirSync(join(folder, "cache/f.bin/in the way"), { recursive: true });
    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    expectContent(await read({ baseUrl: `${address}/good`, onWarning }));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("f.bin could not be kept in");
    expect(readdirSync(join(folder, "cache"))).toEqual(["f.bin"]);
  });

  test("lies where each system keeps such files", () => {
    expect(userCacheFolder("linux", { XDG_CACHE_HOME: "/x" })).toBe(join("/x", "webgpu-rnn"));
    expect(userCacheFolder("linux", { XDG_CACHE_HOME: "" })).toMatch(/\.cache.webgpu-rnn$/);
    expect(userCacheFolder("darwin", {})).toMatch(/Library.Caches.webgpu-rnn$/);
    expect(userCacheFolder("win32", { LOCALAPPDATA: "/l" })).toBe(join("/l", "webgpu-rnn"));
  });

  test("of a browser is Cache Storage", async () => {
    const kept = new Map<string, Response>();
    const cache = {
      match: (key: string) => Promise.resolve(kept.get(key)?.clone()),
      put: (key: string, response: Response) => Promise.resolve(kept.set(key, response)),
    };
    vi.stubGlobal("caches", { open: () => Promise.resolve(cache) });
    try {
      const baseUrl = `${address}/good`;
      expectContent(await read({ baseUrl }, browserPlatform));
      expectContent(await read({ baseUrl }, browserPlatform));
      expect([...kept.keys()]).toEqual(["/webgpu-rnn/f.bin"]);
      expect(requests).toBe(1);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test("may be missing in a browser", async () => {
    expect(await browserPlatform.cache()).toBeUndefined();
    expectContent(await read({ baseUrl: `${address}/good` }, browserPlatform));
  });
});

describe("files that the user names are taken as they are", () => {
  test.each([
    ["a folder", () => folder],
    ["a file URL", () => pathToFileURL(folder)],
  ])("in %s", async (_, data) => {
    writeFileSync(join(folder, "f.bin"), "mine");
    expect(new TextDecoder().decode(await read({ data: data() }))).toBe("mine");
    expect(requests).toBe(0);
  });

  test("behind a URL", async () => {
    expect(new TextDecoder().decode(await read({ data: `${address}/other` }))).toContain("log in");
    expect(inCache()).toEqual([]);
  });

  test("in the folder of $WEBGPU_RNN_DATA", async () => {
    vi.stubEnv("WEBGPU_RNN_DATA", folder);
    try {
      writeFileSync(join(folder, "imdb.npz"), smallNpz());
      writeFileSync(join(folder, "imdb_word_index.json"), '{"the": 1, "__proto__": 2}');
      expect((await imdb.loadData()).train.x).toHaveLength(5);
      expect(await imdb.wordIndex()).toEqual(
        new Map([
          ["the", 1],
          ["__proto__", 2],
        ]),
      );
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("a folder without them is an error, not a download", async () => {
    await expect(read({ data: folder })).rejects.toThrow(InvalidInputError);
    await expect(read({ data: join(folder, "none") })).rejects.toThrow("no such file");
  });

  test.each(["[1]", "{}", "null", '{"a": 0}', '{"a": "1"}', "{"])(
    "a word index of %s is refused",
    async (json) => {
      await expect(imdb.wordIndex({ data: new TextEncoder().encode(json) })).rejects.toThrow(
        "words and ranks",
      );
    },
  );
});
