// The service's own documentation page, operated as a reader operates it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newAccount } from "./support/account.js";
import { assertAccessible, looks } from "./support/axe.js";
import { launchBrowser, openPage, screenshot } from "./support/browser.js";

const service = process.env.SERVICE_URL;
let browser;

before(async () => {
  browser = await launchBrowser();
});
after(() => browser?.close());

async function openDocs(options) {
  const { page, seen } = await openPage(browser, `${service}/docs/`, options);
  await page.locator(".opblock").first().waitFor();
  return { page, seen };
}

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

test("every reader's first try works with what the page filled in", async () => {
  for (const visit of ["first", "second"]) {
    const { page } = await openDocs();
    const signUp = await tryOut(page, "signUp");
    assert.equal(signUp.status, 200, `${visit} visit`);
    const logIn = await tryOut(page, "logIn");
    assert.equal(logIn.json.user.id, signUp.json.user.id);
    // The path of one's own account is filled in, too.
    assert.equal((await tryOut(page, "exportUser")).json.account.id, signUp.json.user.id);
    assert.equal((await tryOut(page, "signUpWithTokens")).status, 201);
    assert.equal((await tryOut(page, "obtainTokenPair")).status, 200);
  }
});

test("the dialog for credentials offers the two that are no cookie, and says what the cookie needs", async () => {
  const { page } = await openDocs();
  await page.getByRole("button", { name: "Authorize" }).first().click();

  const dialog = page.locator(".modal-ux");
  const formOf = (scheme) => dialog.locator("form").filter({ has: page.getByRole("heading", { name: scheme }) });
  assert.equal(await dialog.getByRole("textbox").count(), 2);
  assert.equal(await formOf("adminKey").count(), 1);
  await dialog.getByText("your browser keeps the cookie, and you are signed in").waitFor();

  const { access } = (await (await fetch(`${service}/api/sign-up`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...newAccount(), username: `reader-${Date.now()}` }),
  })).json());
  const form = formOf("bearerToken");
  await form.getByRole("textbox").fill(access);
  await form.getByRole("button", { name: "Authorize" }).click();
  await dialog.getByRole("button", { name: "Close" }).first().click();
  assert.equal((await tryOut(page, "getMe")).status, 200);
});

for (const { name, options } of looks) {
  test(`the page is accessible and fits its window: ${name}`, async () => {
    const { page } = await openDocs(options);
    assert.match(await page.title(), /Neptun Auth/);
    await tryOut(page, "signUp");
    await tryOut(page, "exportUser");
    await page.locator('.opblock[id$="-updateUser"] .opblock-summary-control').click();
    await screenshot(page, `docs-${name}`);
    await assertAccessible(page);

    await page.getByRole("button", { name: "Authorize" }).first().click();
    await screenshot(page, `docs-authorize-${name}`, { fullPage: false });
    await assertAccessible(page);
  });
}
