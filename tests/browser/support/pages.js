import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";

const folder = new URL("../../../examples/browser/", import.meta.url);
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

/** Serves the example page on a free port or on this one, as any static web server would. */
export async function servePages(port = 0) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const file = pathname === "/" ? "index.html" : pathname.slice(1);
    try {
      const content = await readFile(new URL(file, folder));
      response.setHeader("Content-Type", types[extname(file)]).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    origin: `http://localhost:${server.address().port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
