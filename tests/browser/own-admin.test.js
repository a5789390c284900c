// The pages of operators: numbers and accounts.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call, newAccount, signUp } from "./support/account.js";
import { lookAt, newAdmin, ready, visitAsAdmin } from "./support/admin.js";
import { assertAccessible } from "./support/axe.js";
import { launchBrowser, screenshot } from "./support/browser.js";
import {
  assertQuiet, fillIn, growOld, heading, items, logInElsewhere, press, told, visit,
} from "./support/own-pages.js";

const service = process.env.SERVICE_URL;
const proof = "Code of your app, or a recovery code";
let browser;
let admin;

before(async () => {
  browser = await launchBrowser();
  admin = await newAdmin();
});
after(() => browser?.close());

const open = (path, options) => visitAsAdmin(browser, admin, path, options);
/** Waits until the page has done what it was asked to. */
const idle = (page) => page.locator("body:not([aria-busy])").waitFor();
const confirmation = (page) => page.getByRole("dialog", { name: "Are you sure?" });

async function logIn(account) {
  return (await call(service, "POST", "/api/auth/login", { body: account })).status;
}

/** An account that another client has signed up, and the address of its page. */
async function anotherAccount() {
  const account = newAccount();
  const cookie = await signUp(service, account);
  const { user } = await (await call(service, "GET", "/api/auth/session", { cookie })).json();
  return { ...account, path: `/admin/users/${user.id}` };
}

async function confirm(page, email, button = "Go on") {
  const dialog = confirmation(page);
  await dialog.getByText(email).waitFor();
  await dialog.getByRole("button", { name: button }).click();
}

test("a session that lacks a second factor proves one before it sees anything", async () => {
  const { page, seen } = await visit(browser, "/account/login");
  const [name, value] = admin.cookie.split("=");
  await page.context().addCookies([{ name, value, url: service }]);
  await growOld(page, "/api/admin/statistics", ["totp", "recovery_code"]);
  await page.goto(`${service}/admin/`);
  const dialog = page.getByRole("dialog", { name: "Is it you?" });
  await dialog.waitFor();
  assert.equal(await page.locator("#signed-in").isVisible(), false);
  await dialog.getByLabel(proof).fill(admin.codes.pop());
  await dialog.getByRole("button", { name: "Go on" }).click();
  await heading(page, "Administration");
  // A proof renews the session's cookie.
  const cookies = await page.context().cookies();
  admin.cookie = `${name}=${cookies.find((cookie) => cookie.name === name).value}`;
  assertQuiet(seen);
});

test("numbers and charts have texts, and the instance says how it is", async () => {
  await anotherAccount();
  const { page, seen } = await open("/admin/");
  await page.getByRole("img", { name: /^Sign-ups by day: \d+ in 30 days, at most \d/ }).waitFor();
  await page.getByRole("img", { name: /^Log-ins by day/ }).waitFor();
  await page.getByText("The same as a table").click();
  const row = page.getByRole("table", { name: "The last 30 days" }).getByRole("row").nth(1);
  assert.match(await row.getByRole("cell").first().innerText(), /^\d/);
  await page.getByText("works", { exact: true }).waitFor();
  await page.getByText(/^\d+ of 256$/).waitFor();
  assertQuiet(seen);
});

test("accounts are found by how they begin, page by page", async () => {
  const account = await anotherAccount();
  const { page, seen } = await open("/admin/users");
  await fillIn(page, "Search", { "E-mail, user name or account number, or how it begins": account.email.slice(0, 20) });
  await idle(page);
  await items(page, "Accounts").getByRole("link", { name: account.email }).waitFor();
  assert.equal(await items(page, "Accounts").count(), 1);
  await fillIn(page, "Search", { "E-mail, user name or account number, or how it begins": "no such account" });
  await page.getByText("There is nothing here.").waitFor();

  await page.route("**/api/admin/users?*", (route) => {
    const url = new URL(route.request().url());
    url.searchParams.set("limit", "1");
    return route.continue({ url: url.href });
  });
  await page.route("**/api/admin/users", (route) => route.continue({ url: `${service}/api/admin/users?limit=1` }));
  await page.reload();
  await ready(page);
  await press(page, "Show more");
  await items(page, "Accounts").nth(1).waitFor();
  assertQuiet(seen);
});

test("an account is created, and its owner gets in by the link that is handed over", async () => {
  const { email } = newAccount();
  const { page, seen } = await open("/admin/users");
  await fillIn(page, "Create an account", { "E-mail": "nowhere", "User name (optional)": "x y" });
  await told(page, "Please look at the marked fields.");
  assert.match(await page.locator("#create-username-issue").innerText(), /^Letters, digits/);
  await fillIn(page, "Create an account", { "E-mail": email, "User name (optional)": "" });
  await heading(page, email);
  await ready(page);
  assert.equal(await page.locator("#user-passkeys").innerText(), "none");
  assert.equal(await page.locator("#user-identities").innerText(), "none");
  await press(page, "Confirm the address");
  await told(page, `The address of ${email} is confirmed.`);
  await press(page, "Make a link for a new password");
  await confirm(page, email);
  await heading(page, "Hand this link over");
  const link = await page.locator("#link").innerText();
  await screenshot(page, "own-admin-link");
  await assertAccessible(page);
  await press(page, "I have kept it");
  assert.equal(await page.locator("#link").innerText(), "");

  const owner = await visit(browser, new URL(link).pathname + new URL(link).hash);
  await fillIn(owner.page, "Set a new password", { "New password": "another horse battery" });
  await heading(owner.page, "Your password is changed");
  assert.equal(await logIn({ email, password: "another horse battery" }), 200);
  assertQuiet(seen);
});

test("an account is disabled, enabled, logged out and deleted, each after a question that names it", async () => {
  const account = await anotherAccount();
  const { page, seen } = await open(account.path);
  await heading(page, account.email);
  await press(page, "Disable");
  await screenshot(page, "own-admin-confirm", {});
  await assertAccessible(page);
  await confirm(page, account.email, "Cancel");
  await told(page, "Nothing was changed.");
  assert.equal(await logIn(account), 200);

  await press(page, "Disable");
  await confirm(page, account.email);
  await told(page, `${account.email} is disabled, and its sessions have ended.`);
  assert.equal(await logIn(account), 403);
  assert.equal(await items(page, "Sessions").count(), 0);
  await press(page, "Enable");
  await told(page, `${account.email} can log in again.`);
  for (let count = 0; count < 2; count += 1) assert.equal(await logIn(account), 200);
  await page.reload();
  await ready(page);
  await items(page, "Activity").filter({ hasText: "Account disabled" }).getByText("by an operator").waitFor();
  await page.getByRole("button", { name: /^End the session of / }).first().click();
  await told(page, "The session has ended.");
  await press(page, "End all sessions");
  await confirm(page, account.email);
  await told(page, "Sessions ended: 1.");

  await growOld(page, `/api${account.path}`, ["totp", "recovery_code"]);
  await press(page, "Delete for good");
  await confirm(page, account.email);
  const dialog = page.getByRole("dialog", { name: "Is it you?" });
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  await told(page, "Nothing was changed.");
  await press(page, "Delete for good");
  await confirm(page, account.email);
  await heading(page, "The account is deleted");
  assert.equal(await logIn(account), 401);
  await page.reload();
  await told(page, "This is not here, or not any more.");
  await page.getByRole("link", { name: "Accounts" }).waitFor();
  assertQuiet(seen);
});

test("an account with the admin right is changed on the command line only", async () => {
  const { page, seen } = await open("/admin/users");
  await fillIn(page, "Search", { "E-mail, user name or account number, or how it begins": admin.email });
  await items(page, "Accounts").getByRole("link", { name: admin.email }).click();
  await heading(page, admin.email);
  await page.getByText("changed on the command line only").waitFor();
  for (const name of ["Disable", "Delete for good"]) {
    assert.equal(await page.getByRole("button", { name, exact: true }).isVisible(), false);
  }
  assertQuiet(seen);
});

test("after a log-in to another account nothing is done", async () => {
  const [account, other] = [await anotherAccount(), await anotherAccount()];
  // The log-in ends the session that it replaces.
  const { page } = await visitAsAdmin(browser, await newAdmin(), account.path);
  await logInElsewhere(page, other);
  await press(page, "Disable");
  await confirm(page, account.email);
  await told(page, "You are logged in to another account by now.");
  assert.equal(await logIn(account), 200);
});

test("the pages of accounts are accessible, by day and by night, on a phone and on a desk", async () => {
  const account = await anotherAccount();
  const { page, seen } = await open("/admin/");
  for (const [part, path] of Object.entries({ overview: "/admin/", users: "/admin/users", user: account.path })) {
    await page.goto(service + path);
    await ready(page);
    await lookAt(page, `own-admin-${part}`);
  }
  assertQuiet(seen);
});

test("the pages of accounts are in German on the narrowest screen", async () => {
  const account = await anotherAccount();
  const { page } = await open("/admin/", { locale: "de-DE", viewport: { width: 320, height: 640 } });
  for (const [part, path] of Object.entries({ overview: "/admin/", users: "/admin/users", user: account.path })) {
    await page.goto(service + path);
    await ready(page);
    assert.equal(await page.locator("html").getAttribute("lang"), "de");
    await screenshot(page, `own-admin-${part}-german`);
    await assertAccessible(page);
  }
});
