// The fetch of Node.js has no cookie jar. Two usual ways to write one: every line by name, and the joined header.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

const service = process.argv[2];
const account = { email: `${randomUUID()}@example.com`, password: "correct horse battery" };
const jar = new Map();

function keep(answer) {
  for (const line of answer.headers.getSetCookie()) {
    const [pair, ...attributes] = line.split("; ");
    const [name, value] = pair.split("=", 2);
    if (attributes.includes("Max-Age=0")) jar.delete(name);
    else jar.set(name, value);
  }
}

async function call(method, path, body) {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const answer = await fetch(`${service}/api/auth/${path}`, {
    method,
    headers: { cookie, ...(body && { "content-type": "application/json" }) },
    body: body && JSON.stringify(body),
  });
  keep(answer);
  return answer;
}

const signedUp = await call("POST", "sign-up", account);
assert.equal(signedUp.status, 200);
assert.equal((await call("GET", "session")).status, 200);

// Joined by commas; up to the first semicolon it is the session's cookie.
const cookie = signedUp.headers.get("set-cookie").split(";")[0];
assert.equal((await fetch(`${service}/api/auth/session`, { headers: { cookie } })).status, 200);

assert.equal(await (await call("POST", "logout")).json(), true);
assert.deepEqual([...jar.keys()], ["neptun-device"]);
assert.equal((await call("GET", "session")).status, 401);
assert.equal((await call("POST", "login", account)).status, 200);
assert.equal((await call("GET", "session")).status, 200);
