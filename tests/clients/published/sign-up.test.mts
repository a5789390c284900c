// The TypeScript sample of the published page, run as it stands there.

import assert from "node:assert/strict";
import { test } from "node:test";
import { signUp } from "./sign-up.mts";

test("the published function signs up", async () => {
  const { user, loggedInAt } = await signUp("typescript@example.com", "yourpassword");
  assert.equal(user.primary_email, "typescript@example.com");
  assert.match(user.id, /./);
  assert(!Number.isNaN(Date.parse(loggedInAt)));
});

test("the published function throws the status of an error", async () => {
  await signUp("taken@example.net", "yourpassword");
  await assert.rejects(signUp("taken@example.net", "yourpassword"), { message: "HTTP error! status: 409" });
  await assert.rejects(signUp("no-address", "yourpassword"), { message: "HTTP error! status: 400" });
});
