// One request to the service. The browser keeps the session's cookie and hides it from scripts (HttpOnly), so this code
// stores, reads and sends no secret: `credentials: "include"` is enough.

import { errorText, issueText } from "./words.js";

const isLoopback = (host) => /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);

/** On your own machine, the service is expected under the name that the page was opened with. */
const expected = `http://${isLoopback(location.hostname) ? location.hostname : "localhost"}:8080`;
export const api = new URL(new URLSearchParams(location.search).get("api") ?? expected);

/** Where to open this page instead, if browsers would not send the cookie from here; otherwise null. */
export function betterAddress() {
  if (api.hostname === location.hostname || !isLoopback(api.hostname) || !isLoopback(location.hostname)) return null;
  return Object.assign(new URL(location), { hostname: api.hostname }).href;
}

/** An error that the service answered; `body` has the shape that all its errors share. */
export class Refusal extends Error {
  constructor(body, wait) {
    super(errorText(body, wait));
    this.statusCode = body.statusCode;
    this.code = body.code;
    // What to prove oneself with, where the service asks for that.
    this.methods = body.data?.methods ?? [];
    this.issues = (body.data?.issues ?? []).map((issue) => ({ field: issue.path[0], text: issueText(issue) }));
  }
}

export async function call(method, path, body) {
  // What a person asked for is done also when they leave the page at once: a log-out above all.
  const request = { method, credentials: "include", keepalive: method !== "GET" };
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
  if (!response.ok) throw new Refusal(answer, Number(response.headers.get("Retry-After")));
  return answer;
}
