// The service's own documentation page, operated as a reader operates it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newAccount } from "./support/account.js";
import { launchBrowser, openPage, screenshot } from "./support/browser.js";

const service = process.env.SERVICE_URL;
let browser;

before(async () => {
  browser = await launchBrowser();
});
after(() => browser?.close());

/** Tries an operation out and returns the status and the JSON that the page then shows. */
async function tryOut(page, operationId, body) {
  const operation = page.locator(`.opblock[id$="-${operationId}"]`);
  await operation.locator(".opblock-summary-control").click();
  await operation.getByRole("button", { name: "Try it out" }).click();
  if (body) await operation.locator("textarea").fill(JSON.stringify(body));
  await operation.getByRole("button", { name: "Execute" }).click();
  const answer = operation.locator(".live-responses-table tbody");
  const status = await answer.locator(".response-col_status").innerText();
  const json = await answer.locator("pre code").first().innerText();
  await operation.getByRole("heading", { name: "Server response" }).scrollIntoViewIfNeeded();
  await screenshot(page, `docs-${operationId}`, { fullPage: false });
  return { status: Number.parseInt(status, 10), json: JSON.parse(json) };
}

test("a reader signs up and is signed in by the service's own cookie", async () => {
  const account = newAccount();
  const { page, seen } = await openPage(browser, `${service}/docs/`);
  assert.deepEqual(seen.problems, []);
  assert.equal(await page.locator(".errors-wrapper").count(), 0, "Swagger UI finds no error in the document");

  const signUp = await tryOut(page, "signUp", account);
  assert.equal(signUp.status, 200);
  assert.equal(signUp.json.user.primary_email, account.email);

  const session = await tryOut(page, "getSession");
  assert.equal(session.status, 200);
  assert.equal(session.json.user.id, signUp.json.user.id);

  const sessions = await tryOut(page, "listSessions");
  assert.equal(sessions.status, 200);
  assert.deepEqual(sessions.json.map(({ current }) => current), [true]);

  assert.deepEqual(seen.problems, []);
  const elsewhere = seen.requests.filter((url) => !url.startsWith(`${service}/`) && !url.startsWith("data:"));
  assert.deepEqual(elsewhere, [], "the page works offline");
});
