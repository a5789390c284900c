// The JavaScript sample of the token API's published page, run as it stands there.

import assert from "node:assert/strict";
import { test } from "node:test";

test("the published script prints a new account, and then that it is taken", async (t) => {
  const signedUp = await runSample(t, "first");
  assert.equal(signedUp.status, 201);
  const { refresh, access, user, ...rest } = signedUp.printed;
  assert.deepEqual(rest, {});
  assert.match(refresh, /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/);
  assert.match(access, /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/);
  assert(Number.isInteger(user.id));
  assert.deepEqual(user, {
    id: user.id,
    username: "johndoe",
    email: "john@example.com",
    first_name: "John",
    last_name: "Doe",
    number_phone: "5551234567",
    avatar: null,
  });

  const taken = await runSample(t, "second");
  assert.equal(taken.status, 400);
  assert.deepEqual(Object.keys(taken.printed).sort(), ["email", "username"]);
  assert.equal(taken.printed.username.length, 1);
  assert.deepEqual(taken.printed.email, ["user with this email already exists."]);
});

/** The script sends its request when it is imported, every time under another name. */
async function runSample(t, name) {
  const fetch = t.mock.method(globalThis, "fetch");
  const printed = new Promise((resolve) => t.mock.method(console, "log", resolve));
  await import(`./sign-up.mjs?${name}`);
  const sample = { printed: await printed, status: (await fetch.mock.calls[0].result).status };
  t.mock.restoreAll();
  return sample;
}
