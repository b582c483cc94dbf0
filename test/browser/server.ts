import { createReadStream, existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { createServer, type Plugin } from "vite";

const root = fileURLToPath(new URL("../../", import.meta.url));
const shared = fileURLToPath(new URL("../../../shared/", import.meta.url));
const source = (path: string): string => `${root}src/${path}`;

const html = `<!doctype html>
<title>webgpu-rnn tests</title>
<link rel="icon" href="data:,">
<script type="module" src="/test/browser/page.ts"></script>`;

/** The test page, and the shared material under /shared. */
const pages: Plugin = {
  name: "test-pages",
  configureServer({ middlewares }) {
    middlewares.use((request, response, next) => {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      if (pathname === "/") {
        response.writeHead(200, { "content-type": "text/html" }).end(html);
        return;
      }
      if (pathname === "/@vite/client") {
        // The real one asks for a web socket, which reloads pages.
        response.writeHead(200, { "content-type": "text/javascript" });
        response.end("export const injectQuery = (url) => url;");
        return;
      }
      const file = /^\/shared\/([\w-]+\/[\w.-]+)$/.exec(pathname)?.[1];
      if (file === undefined) {
        next();
        return;
      }
      if (!existsSync(shared + file)) {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(200, { "content-type": "application/octet-stream" });
      createReadStream(shared + file).pipe(response);
    });
  },
};

/** A development server on a free port of the loopback interface; the page is at its address. */
export async function serveTests(): Promise<{ address: string; close: () => Promise<void> }> {
  const server = await createServer({
    root,
    configFile: false,
    appType: "custom",
    logLevel: "error",
    plugins: [pages],
    // Modules are served as they are: several browsers may be tested at a time, and none reloads in between.
    optimizeDeps: { noDiscovery: true, include: [] },
    server: { host: "127.0.0.1", port: 0, hmr: false, ws: false, watch: null },
    resolve: {
      alias: [
        { find: /^webgpu-rnn$/, replacement: source("index.ts") },
        { find: /^webgpu-rnn\/(datasets|io)$/, replacement: source("$1/index.ts") },
      ],
    },
  });
  await server.listen();
  const { port } = server.httpServer?.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}/`, close: () => server.close() };
}
