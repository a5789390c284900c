// The parts of the example page that need mail, or change the account.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, test } from "node:test";
import { call, newAccount, signUp } from "./support/account.js";
import { launchBrowser, openPage, screenshot } from "./support/browser.js";
import { fillIn, pageFor, press, signedIn, signedOut, submit, told } from "./support/example-page.js";
import { mailedCode } from "./support/inbox.js";
import { servePages } from "./support/pages.js";

const service = process.env.SERVICE_URL;
const newPassword = "another horse battery";
const phone = { viewport: { width: 390, height: 844 } };
let browser;
let pages;
let visits = [];

before(async () => {
  browser = await launchBrowser();
  pages = await servePages();
});
after(async () => {
  await browser?.close();
  await pages?.close();
});
afterEach(() => {
  for (const { problems } of visits.splice(0)) {
    // The browser reports every answer from 400 up; the tests expect some of those.
    assert.deepEqual(problems.filter((problem) => !problem.startsWith("Failed to load resource")), []);
  }
});

async function visit(options) {
  const { page, seen } = await openPage(browser, pageFor(pages, service), options);
  visits.push(seen);
  return page;
}

/** A new account, signed in on the page. */
async function visitSignedIn(options) {
  const account = newAccount();
  const page = await visit(options);
  await submit(page, "Create an account", account);
  await signedIn(page);
  return { account, page };
}

async function logsIn(account, password) {
  const answer = await call(service, "POST", "/api/auth/login", { body: { ...account, password } });
  return answer.status === 200;
}

function fitsTheWindow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
}

test("a forgotten password is replaced with a mailed code", async () => {
  const account = newAccount();
  await signUp(service, account);
  const page = await visit();

  await fillIn(page, "Ask for a code", { "E-mail": account.email });
  await told(page, "If the address has an account, a code is on its way.");
  const code = await mailedCode(account.email, "reset your password");
  const wrong = code === "00000000" ? "00000001" : "00000000";
  await fillIn(page, "Set a new password", { Code: wrong, "New password": newPassword });
  await told(page, "This code is wrong or too old.");
  await screenshot(page, "page-reset");

  await fillIn(page, "Set a new password", { Code: code, "New password": newPassword });
  await told(page, "Your password is changed");
  await screenshot(page, "page-reset-done");
  assert.equal(await logsIn(account, account.password), false);
  await submit(page, "Log in", { ...account, password: newPassword });
  await signedIn(page);
});

test("the page does not reveal whether an address has an account", async () => {
  const page = await visit(phone);

  await fillIn(page, "Ask for a code", { "E-mail": newAccount().email });
  await told(page, "If the address has an account, a code is on its way.");
  await screenshot(page, "page-phone-reset");
  assert.equal(await fitsTheWindow(page), true);
});

test("an address is confirmed with a mailed code", async () => {
  const { account, page } = await visitSignedIn();

  await page.getByRole("definition").filter({ hasText: `${account.email} (not confirmed)` }).waitFor();
  const confirmation = page.getByRole("region", { name: "Confirm your address" });
  await confirmation.getByRole("button", { name: "Mail me a code" }).click();
  await told(page, "A code is on its way.");
  await screenshot(page, "page-unconfirmed");
  const code = await mailedCode(account.email, "confirm your address");
  await fillIn(page, "Confirm your address", { Code: code });
  await told(page, `${account.email} is confirmed.`);
  await page.getByRole("definition").filter({ hasText: `${account.email} (confirmed)` }).waitFor();
  assert.equal(await page.getByRole("heading", { name: "Confirm your address" }).isVisible(), false);
});

test("a new address takes effect with its code, and not before", async () => {
  const { account, page } = await visitSignedIn();
  const { email } = newAccount();

  await fillIn(page, "Change your e-mail", { "New e-mail": email, "Current password": "not the password" });
  await told(page, "This is not your current password.");
  await fillIn(page, "Change your e-mail", { "New e-mail": email, "Current password": account.password });
  await told(page, `A code is on its way to ${email}.`);
  await page.reload();
  await page.getByText(`${email} takes effect when it is confirmed.`).waitFor();
  await page.getByRole("definition").filter({ hasText: account.email }).waitFor();
  await screenshot(page, "page-pending-email");

  await fillIn(page, "Confirm your address", { Code: await mailedCode(email, "confirm your new address") });
  await told(page, `${email} is confirmed.`);
  await page.getByRole("definition").filter({ hasText: `${email} (confirmed)` }).waitFor();
  assert.equal(await page.getByText("takes effect when it is confirmed").isVisible(), false);
  assert.equal(await logsIn({ email }, account.password), true);
});

test("a rejected change shows its issue beside the field", async () => {
  const { account, page } = await visitSignedIn();

  await fillIn(page, "Change your password", { "Current password": account.password, "New password": "short" });
  const form = page.getByRole("form", { name: "Change your password" });
  await form.getByRole("textbox", { name: "New password", description: /at least 8 characters/ }).waitFor();
  await fillIn(page, "Change your e-mail", { "New e-mail": "no-address", "Current password": account.password });
  const change = page.getByRole("form", { name: "Change your e-mail" });
  await change.getByRole("textbox", { name: "New e-mail", description: /./ }).waitFor();
  assert.equal(await logsIn(account, account.password), true);
});

test("a changed password ends the other sessions", async () => {
  const { account, page } = await visitSignedIn();
  const other = await visit();
  await submit(other, "Log in", account);
  await signedIn(other);

  await fillIn(page, "Change your password", { "Current password": account.password, "New password": newPassword });
  await told(page, "Your password is changed");
  await signedIn(page);
  await other.reload();
  await signedOut(other);
  assert.equal(await logsIn(account, account.password), false);
  assert.equal(await logsIn(account, newPassword), true);
});

test("everything that is stored is downloaded", async () => {
  const { account, page } = await visitSignedIn();

  const download = page.waitForEvent("download");
  await press(page, "Download everything");
  const file = await download;
  assert.equal(file.suggestedFilename(), "account.json");
  const data = JSON.parse(await readFile(await file.path(), "utf8"));
  assert.equal(data.account.email, account.email);
  assert.deepEqual(data.sessions.map(({ current }) => current), [true]);
});

test("an account is deleted, on a phone", async () => {
  const { account, page } = await visitSignedIn(phone);

  await page.getByText("Delete the account").click();
  await fillIn(page, "Delete the account", { "Current password": "not the password" });
  await told(page, "This is not your current password.");
  await screenshot(page, "page-phone-settings");
  assert.equal(await fitsTheWindow(page), true);
  assert.equal(await logsIn(account, account.password), true);

  await fillIn(page, "Delete the account", { "Current password": account.password });
  await told(page, "Your account is deleted.");
  await signedOut(page);
  await screenshot(page, "page-phone-deleted");
  assert.equal(await logsIn(account, account.password), false);
});

test("an account that the page does not show is not deleted", async () => {
  const { account, page } = await visitSignedIn();
  const other = newAccount();
  // As in another tab: a log-in, which replaces the session of this one.
  await signUp(service, other);
  await page.evaluate(
    ([api, body]) =>
      fetch(new URL("/api/auth/login", api), {
        method: "POST",
        credentials: "include",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      }),
    [service, other],
  );
  await page.getByText("Delete the account").click();
  await fillIn(page, "Delete the account", { "Current password": other.password });
  await told(page, "You are logged in to another account by now.");
  assert.equal(await logsIn(other, other.password), true);
  assert.equal(await logsIn(account, account.password), true);
});
