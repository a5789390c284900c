import { readFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";

const tls = new URL("../../api/helpers/tls/", import.meta.url);

/**
 * Servers for http and https, which every name of the browser leads to. A page of theirs may call a second pair, which
 * stores the cookie in the query of `/set`, and answers `/get` with the cookies that it got.
 */
export async function serveSites() {
  const options = { key: await readFile(new URL("server.key", tls)), cert: await readFile(new URL("server.pem", tls)) };
  const servers = await Promise.all(
    [http.createServer(answer), https.createServer(options, answer)].map(listen),
  );
  const ports = Object.fromEntries(["http:", "https:"].map((scheme, at) => [scheme, servers[at].address().port]));
  return {
    /** The address with the port that its scheme is served at. */
    at(address) {
      const url = new URL(address);
      url.port = ports[url.protocol];
      return url.origin;
    },
    close: () =>
      Promise.all(
        servers.map((server) => {
          server.closeAllConnections();
          return new Promise((resolve) => server.close(resolve));
        }),
      ),
  };
}

function listen(server) {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  const { origin, cookie } = request.headers;
  if (origin) {
    response.setHeader("Access-Control-Allow-Origin", origin);
    response.setHeader("Access-Control-Allow-Credentials", "true");
  }
  if (pathname === "/set") response.setHeader("Set-Cookie", searchParams.get("cookie"));
  if (pathname === "/") response.setHeader("Content-Type", "text/html");
  response.end(pathname === "/get" ? (cookie ?? "none") : "<title>A page</title>");
}
