// One request to the service. The browser keeps the session's cookie and hides it from scripts (HttpOnly), so this code
// stores, reads and sends no secret: `credentials: "include"` is enough.

export const api = new URL(new URLSearchParams(location.search).get("api") ?? "http://localhost:8080");

/** An error that the service answered; `body` has the shape that all its errors share. */
export class Refusal extends Error {
  constructor(body) {
    super(body.message);
    this.statusCode = body.statusCode;
    this.issues = body.data?.issues ?? [];
  }
}

export async function call(method, path, body) {
  const request = { method, credentials: "include" };
  if (body) {
    request.headers = { "Content-Type": "application/json" };
    request.body = JSON.stringify(body);
  }
  const response = await fetch(new URL(path, api), request).catch(() => {
    // The browser does not tell a script which of the two happened; its console shows it.
    throw new Error(`${api.origin} did not answer, or does not allow pages from ${location.origin}.`);
  });
  if (response.status === 204) return null;
  const answer = await response.json();
  if (!response.ok) throw new Refusal(answer);
  return answer;
}
