// One request to the service. The browser keeps the session's cookie and hides it from scripts.

import { errorText, issueText, say } from "./words.js";

/** An error that the service answered; `body` has the shape that all its errors share. */
export class Refusal extends Error {
  constructor(body, wait) {
    super(errorText(body, wait));
    this.statusCode = body.statusCode;
    this.code = body.code;
    // What to prove oneself with, where the service asks for that.
    this.methods = body.data?.methods ?? [];
    this.issues = (body.data?.issues ?? []).map((issue) => ({ field: issue.path[0], text: (field) => issueText(issue, field) }));
  }
}

export async function call(method, path, body) {
  // What a person asked for is done also when they leave the page at once: a log-out above all.
  const request = { method, keepalive: method !== "GET" };
  if (body) {
    request.headers = { "Content-Type": "application/json" };
    request.body = JSON.stringify(body);
  }
  const response = await fetch(path, request).catch(() => {
    throw new Error(say("no_answer"));
  });
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => {
    // A proxy in front answers with pages of its own.
    throw new Error(say("no_answer"));
  });
  if (!response.ok) throw new Refusal(answer, Number(response.headers.get("Retry-After")));
  return answer;
}

/** The signed-in session, or null. This path answers 200 to visitors too, so that their console shows no error. */
export async function session() {
  const found = await call("GET", "/api/_auth/session");
  return found.user ? found : null;
}
