// What every TypeScript client has to do. Node.js keeps no cookies, so this does: a browser needs none of it.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

export type Account = { email: string; password: string };

export type Sdk = {
  /** Returns the new account's id. */
  signUp(account: Account): Promise<string>;
  /** Returns the id of the account that the cookie belongs to. */
  getSession(): Promise<string>;
  /** Returns the code of the typed error. */
  failToLogIn(account: Account): Promise<string>;
};

export const service = process.env.SERVICE_URL!;

const cookies = new Map<string, string>();
const send = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const request = new Request(input, init);
  request.headers.set("Cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
  const response = await send(request);
  for (const line of response.headers.getSetCookie()) {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    cookies.set(name, value);
  }
  return response;
};

export async function tell(sdk: Sdk) {
  const account = { email: `${randomUUID()}@example.com`, password: "correct horse battery" };
  const id = await sdk.signUp(account);
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.equal(await sdk.getSession(), id);
  assert.equal(await sdk.failToLogIn({ ...account, password: "not the password" }), "invalid_credentials");
}
