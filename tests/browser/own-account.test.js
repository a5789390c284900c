// The pages of an account: a forgotten password, sessions, activity, and all data up to its deletion.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { call, newAccount, signUp } from "./support/account.js";
import { assertAccessible } from "./support/axe.js";
import { launchBrowser, screenshot } from "./support/browser.js";
import { mailedCode, mailedLink } from "./support/inbox.js";
import {
  assertQuiet, fillIn, growOld, heading, logInElsewhere, press, ready, told, views, visit, visitAs,
} from "./support/own-pages.js";
import { appCode } from "./support/totp.js";

const service = process.env.SERVICE_URL;
const newPassword = "another horse battery";
let browser;

before(async () => {
  browser = await launchBrowser();
});
after(() => browser?.close());

async function logsIn(account, password) {
  return (await call(service, "POST", "/api/auth/login", { body: { ...account, password } })).status === 200;
}

test("a forgotten password is replaced by the digits of a mail", async () => {
  const account = newAccount();
  await signUp(service, account);
  const { page, seen } = await visit(browser, "/account/login");
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await fillIn(page, "Forgotten password", { "E-mail": account.email });
  await told(page, "If the address has an account, a code is on its way.");
  const code = await mailedCode(account.email, "reset your password");
  const wrong = code === "00000000" ? "00000001" : "00000000";
  await fillIn(page, "Set a new password", { Code: wrong, "New password": newPassword });
  await told(page, "This code is wrong or too old.");
  assert.equal(await page.locator("#digits-new").inputValue(), newPassword, "nothing is lost");
  await screenshot(page, "own-recover");
  await assertAccessible(page);
  await fillIn(page, "Set a new password", { Code: code, "New password": newPassword });
  await heading(page, "Your password is changed");
  assert.equal(await logsIn(account, account.password), false);
  assert.equal(await logsIn(account, newPassword), true);
  assertQuiet(seen);
});

test("a forgotten password is replaced by the link of a mail, whose key does not stay in the address", async () => {
  const account = newAccount();
  await signUp(service, account);
  await call(service, "POST", "/auth/otp", { body: { action: "create", email: account.email } });
  const link = await mailedLink(account.email, "reset your password");
  assert.match(link, new RegExp(`^${service}/account/recover#key=`));
  // Also in a tab that shows this page already, where the link only changes the address.
  const { page, seen } = await visit(browser, "/account/recover");
  await page.evaluate((href) => location.assign(href), link);
  await heading(page, "Set a new password");
  await page.waitForURL(`${service}/account/recover`);
  await fillIn(page, "Set a new password", { "New password": newPassword });
  await heading(page, "Your password is changed");
  assert.equal(await logsIn(account, newPassword), true);
  assertQuiet(seen);
});

test("sessions are listed by their programs, and ended one by one or together", async () => {
  const account = newAccount();
  const { page, seen } = await visitAs(browser, account, "/account/sessions");
  for (let count = 0; count < 3; count += 1) await call(service, "POST", "/api/auth/login", { body: account });
  await page.reload();
  await ready(page);
  const items = page.getByRole("list", { name: "Sessions" }).getByRole("listitem");
  assert.equal(await items.count(), 4);
  await items.filter({ hasText: "This browser" }).getByText("Chrome").waitFor();
  await page.getByRole("button", { name: /^End the session of / }).first().click();
  await told(page, "The session has ended.");
  assert.equal(await items.count(), 3);
  await press(page, "End all other sessions");
  await told(page, "All other sessions have ended.");
  assert.equal(await items.count(), 1);
  assertQuiet(seen);
});

test("activity shows what happened, page by page", async () => {
  const account = newAccount();
  const { page, seen } = await visitAs(browser, account, "/account/activity");
  for (let count = 0; count < 2; count += 1) await call(service, "POST", "/api/auth/login", { body: account });
  // Pages of two, so that three events are more than one.
  await page.route("**/api/users/me/events*", (route) => {
    const url = new URL(route.request().url());
    url.searchParams.set("limit", "2");
    return route.continue({ url: url.href });
  });
  await page.reload();
  await ready(page);
  const items = page.getByRole("list", { name: "Activity" }).getByRole("listitem");
  assert.equal(await items.count(), 2);
  await press(page, "Show more");
  await items.filter({ hasText: "Account created" }).waitFor();
  assert.equal(await items.filter({ hasText: "Log-in" }).count(), 2);
  assert.equal(await page.getByRole("button", { name: "Show more" }).isVisible(), false);
  assertQuiet(seen);
});

test("all data is downloaded, and the account is deleted by its address", async () => {
  const account = newAccount();
  const { page, seen } = await visitAs(browser, account, "/account/data");
  const [download] = await Promise.all([page.waitForEvent("download"), press(page, "Download account.json")]);
  await told(page, "Everything that is stored about you is in account.json.");
  const data = JSON.parse(await readFile(await download.path(), "utf8"));
  assert.equal(data.account.email, account.email);

  await fillIn(page, "Delete the account", { "Your address": "other@example.com" });
  await page.getByText(`Enter ${account.email} here.`).waitFor();
  await fillIn(page, "Delete the account", { "Your address": account.email });
  await heading(page, "Your account is deleted");
  assert.equal(await logsIn(account, account.password), false);
  assertQuiet(seen);
});

test("where a fresh proof is needed, a dialog asks for it and can be left", async () => {
  const account = newAccount();
  const { page, seen } = await visitAs(browser, account, "/account/data");
  const cookies = await page.context().cookies();
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const { secret } = await (await call(service, "POST", "/api/auth/totp", { cookie })).json();
  const confirmed = await call(service, "POST", "/api/auth/totp/confirm", { cookie, body: { code: appCode(secret) } });
  const { recovery_codes: codes } = await confirmed.json();
  // What is new has proven nothing but a password.
  await page.context().clearCookies();
  await page.goto(`${service}/account/login?return_to=%2Faccount%2Fdata`);
  await ready(page);
  await fillIn(page, "Log in", { "E-mail": account.email, Password: account.password });
  await fillIn(page, "One more step", { Code: appCode(secret, 1) });
  await heading(page, "Your data");
  await growOld(page, "/api/users/me", ["totp"], 2);

  await fillIn(page, "Delete the account", { "Your address": account.email });
  const dialog = page.getByRole("dialog", { name: "Is it you?" });
  await dialog.waitFor();
  await screenshot(page, "own-step-up", {});
  await assertAccessible(page);
  await page.keyboard.press("Escape");
  await told(page, "Nothing was changed.");

  await press(page, "Delete for good");
  await dialog.getByLabel("Code of your app, or a recovery code").fill("000000");
  await dialog.getByRole("button", { name: "Go on" }).click();
  await dialog.getByText("This code is wrong or too old.").waitFor();
  await dialog.getByLabel("Code of your app, or a recovery code").fill(codes[0]);
  await dialog.getByRole("button", { name: "Go on" }).click();
  await heading(page, "Your account is deleted");
  assertQuiet(seen);
});

test("an account that the page does not show is not deleted, and its sessions go on", async () => {
  const [account, other] = [newAccount(), newAccount()];
  await signUp(service, other);
  const { page, seen } = await visitAs(browser, account, "/account/data");
  await logInElsewhere(page, other);
  await fillIn(page, "Delete the account", { "Your address": account.email });
  await told(page, "You are logged in to another account by now.");

  await page.goto(`${service}/account/sessions`);
  await ready(page);
  await logInElsewhere(page, account);
  await press(page, "End all other sessions");
  await told(page, "You are logged in to another account by now.");
  for (const one of [account, other]) assert.equal(await logsIn(one, one.password), true);
  assertQuiet(seen);
});

test("a fresh proof of another account changes neither that one nor the one that the page shows", async () => {
  const [account, other] = [newAccount(), newAccount()];
  await signUp(service, other);
  const { page, seen } = await visitAs(browser, account, "/account/data");
  await growOld(page, "/api/users/me", ["password"]);
  await fillIn(page, "Delete the account", { "Your address": account.email });
  const dialog = page.getByRole("dialog", { name: "Is it you?" });
  await dialog.waitFor();
  await logInElsewhere(page, other);
  await dialog.getByLabel("Password", { exact: true }).fill(other.password);
  await dialog.getByRole("button", { name: "Go on" }).click();
  await told(page, "You are logged in to another account by now.");
  for (const one of [account, other]) assert.equal(await logsIn(one, one.password), true);
  assertQuiet(seen);
});

for (const { name, options } of views) {
  test(`the account's pages are accessible and fit the window: ${name}`, async () => {
    const { page, seen } = await visitAs(browser, newAccount(), "/account/", options);
    for (const part of ["sessions", "activity", "data", "recover"]) {
      await page.goto(`${service}/account/${part}`);
      await ready(page);
      await screenshot(page, `own-${part}-${name}`);
      await assertAccessible(page);
    }
    assertQuiet(seen);
  });
}

test("the account's pages are in German on the narrowest screen", async () => {
  const options = { locale: "de-DE", viewport: { width: 320, height: 640 } };
  const { page } = await visit(browser, "/account/sign-up", options);
  const { email, password } = newAccount();
  await fillIn(page, "Konto anlegen", { "E-Mail": email, Passwort: password });
  await heading(page, "Ihr Konto");
  for (const part of ["sessions", "activity", "data", "recover"]) {
    await page.goto(`${service}/account/${part}`);
    await ready(page);
    await screenshot(page, `own-${part}-german`);
    await assertAccessible(page);
  }
});
