import { createServer } from "node:http";
import { randomUUID } from "node:crypto";

/** A double of GitHub with one person, whose address is confirmed. It agrees to everything at once. */
export async function startGitHub(port, person) {
  const codes = new Set();
  const tokens = new Set();
  const server = createServer((request, response) => {
    const url = new URL(request.url, `http://localhost:${port}`);
    const json = (status, body) => {
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    };
    const issue = (issued) => {
      const value = randomUUID();
      issued.add(value);
      return value;
    };
    const isKnown = () => tokens.has((request.headers.authorization ?? "").split(" ")[1]);
    if (url.pathname === "/login/oauth/authorize") {
      const back = new URL(url.searchParams.get("redirect_uri"));
      back.searchParams.set("code", issue(codes));
      back.searchParams.set("state", url.searchParams.get("state"));
      return response.writeHead(302, { Location: back.href }).end();
    }
    if (url.pathname === "/login/oauth/access_token") {
      let form = "";
      request.on("data", (part) => (form += part));
      return request.on("end", () => {
        const isRight = codes.delete(new URLSearchParams(form).get("code"));
        // GitHub answers 200 in both cases.
        json(200, isRight ? { access_token: issue(tokens), token_type: "bearer" } : { error: "bad_verification_code" });
      });
    }
    if (!isKnown()) return json(401, { message: "Bad credentials" });
    if (url.pathname === "/user") return json(200, { id: person.id, login: person.login, name: person.name });
    if (url.pathname === "/user/emails") return json(200, [{ email: person.email, primary: true, verified: true }]);
    return json(404, { message: "Not Found" });
  });
  await new Promise((resolve) => server.listen(port, resolve));
  return server;
}
