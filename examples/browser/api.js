// How a script talks to the service. The browser keeps the session's cookie and hides it from scripts (HttpOnly), so
// nothing here stores, reads or sends a secret: `credentials: "include"` is all it takes.

export const api = new URL(new URLSearchParams(location.search).get("api") ?? "http://localhost:8080");

/** What the service answered instead of success; `body` is its one error shape. */
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
    // A script is never told which of the two it was; the browser's console says it.
    throw new Error(`${api.origin} did not answer, or does not allow pages from ${location.origin}.`);
  });
  if (response.status === 204) return null;
  const answer = await response.json();
  if (!response.ok) throw new Refusal(answer);
  return answer;
}
