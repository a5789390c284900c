import { randomUUID } from "node:crypto";

/** The credentials of an account that does not exist yet. */
export function newAccount() {
  return { email: `${randomUUID()}@example.com`, password: "correct horse battery" };
}

/** Calls the service as a program does: no origin, and no cookie but the given one. */
export function call(service, method, path, { body, cookie } = {}) {
  const headers = {};
  if (body) headers["Content-Type"] = "application/json";
  if (cookie) headers.Cookie = cookie;
  return fetch(new URL(path, service), { method, headers, body: body && JSON.stringify(body) });
}

/** Signs an account up without a browser and returns its cookie as `name=value`. */
export async function signUp(service, account) {
  const response = await call(service, "POST", "/api/auth/sign-up", { body: account });
  if (response.status !== 200) throw new Error(`sign-up answered ${response.status}: ${await response.text()}`);
  return response.headers.getSetCookie()[0].split(";")[0];
}
