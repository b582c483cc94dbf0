import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import type { ByteStore } from "../io/checkpoint";
import type { JobData } from "../job/types";

/** The loopback server that hands a headless browser the library and the job's data, and takes the weights. */
export interface PageServer {
  address: string;
  /** Resolves when the page has sent its weights. */
  weights: Promise<Uint8Array>;
  close(): void;
}

/**
 * Starts the server on a free port of the loopback interface.
 *
 * @param library the folder of the built library, whose `job-page.js` the page runs
 * @param checkpoint where the page's checkpoints go
 */
export async function servePage(library: string, data: JobData, checkpoint?: ByteStore): Promise<PageServer> {
  let receive: (bytes: Uint8Array) => void = () => undefined;
  const weights = new Promise<Uint8Array>((resolve) => (receive = resolve));
  const parts: Record<string, Uint8Array> = {
    "train.x": bytesOf(data.train.x.data),
    "train.y": bytesOf(Float32Array.from(data.train.y)),
    "test.x": bytesOf(data.test.x.data),
    "test.y": bytesOf(Float32Array.from(data.test.y)),
  };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (request.method === "POST" && path === "/weights") return void take(request, response, receive);
    if (checkpoint && path === "/checkpoint") return void answerCheckpoint(request, response, checkpoint);
    const part = parts[path.replace("/data/", "")];
    if (part) return void send(response, "application/octet-stream", part);
    if (path === "/") return void send(response, "text/html", pageHtml());
    sendFile(response, path === "/fflate.js" ? fflatePath() : libraryFile(library, path));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { address: `http://127.0.0.1:${port}/`, weights, close };
}

function pageHtml(): string {
  const imports = JSON.stringify({ imports: { fflate: "/fflate.js" } });
  return `<!doctype html><title>webgpu-rnn</title><link rel="icon" href="data:,"><script type="importmap">${imports}</script>`;
}

function bytesOf(view: Int32Array | Float32Array): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function fflatePath(): string {
  return join(fileURLToPath(import.meta.resolve("fflate")), "..", "browser.js");
}

/** The file of the library that `path` names; paths that lead out of its folder name none. */
function libraryFile(library: string, path: string): string | undefined {
  const file = normalize(join(library, path));
  return file.startsWith(normalize(library)) && extname(file) === ".js" ? file : undefined;
}

function sendFile(response: ServerResponse, file: string | undefined): void {
  if (!file || !existsSync(file) || !statSync(file).isFile()) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "content-type": "text/javascript" });
  createReadStream(file).pipe(response);
}

function send(response: ServerResponse, type: string, body: string | Uint8Array): void {
  response.writeHead(200, { "content-type": type }).end(body);
}

async function take(
  request: IncomingMessage,
  response: ServerResponse,
  receive: (bytes: Uint8Array) => void,
): Promise<void> {
  const bytes = await bodyOf(request);
  response.writeHead(204).end();
  receive(bytes);
}

async function answerCheckpoint(
  request: IncomingMessage,
  response: ServerResponse,
  store: ByteStore,
): Promise<void> {
  try {
    if (request.method === "POST") await store.save(await bodyOf(request));
    if (request.method === "DELETE") await store.clear();
    const bytes = request.method === "GET" ? await store.load() : undefined;
    if (bytes) return send(response, "application/octet-stream", bytes);
    response.writeHead(request.method === "GET" ? 404 : 204).end();
  } catch (error) {
    response.writeHead(500, { "content-type": "text/plain" }).end(String(error));
  }
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return new Uint8Array(Buffer.concat(chunks));
}
