// The account's own pages while some requests fail: nothing is lost, mixed up or called undone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call, newAccount, signUp } from "./support/account.js";
import { addAuthenticator } from "./support/authenticator.js";
import { assertAccessible } from "./support/axe.js";
import { launchBrowser, screenshot } from "./support/browser.js";
import { mailedCode } from "./support/inbox.js";
import {
  assertQuiet, failing, fillIn, heading, isError, items, logInElsewhere, onRequest, press, ready, told,
  unseen, visit, visitAs,
} from "./support/own-pages.js";
import { appCode, scan } from "./support/totp.js";

const service = process.env.SERVICE_URL;
const newPassword = "another horse battery";
let browser;

before(async () => {
  browser = await launchBrowser();
});
after(() => browser?.close());


async function logsIn(account, password = account.password) {
  return (await call(service, "POST", "/api/auth/login", { body: { ...account, password } })).status === 200;
}

test("recovery codes are shown although the factors can't be read again", async () => {
  const { page, seen } = await visitAs(browser, newAccount(), "/account/security");
  const recover = await failing(page, "GET", "/api/auth/factors");
  await press(page, "Set up an authenticator app");
  const secret = new URL(await scan(page, "QR code for your authenticator app")).searchParams.get("secret");
  await fillIn(page, "Confirm the authenticator app", { "Code that the app shows": appCode(secret) });
  await told(page, `Your authenticator app is on, and all other sessions have ended. ${unseen}`);
  const codes = await items(page, "Recovery codes").allInnerTexts();
  assert.equal(codes.length, 10);
  await screenshot(page, "own-security-codes-unseen");
  await assertAccessible(page);

  await recover();
  await page.reload();
  await ready(page);
  await failing(page, "GET", "/api/auth/factors");
  await press(page, "Make new recovery codes");
  await told(page, `The old recovery codes do not work any more. ${unseen}`);
  assert.equal(new Set([...codes, ...(await items(page, "Recovery codes").allInnerTexts())]).size, 20);
  await press(page, "Remove the authenticator app");
  await told(page, `The authenticator app is removed. ${unseen}`);
  assert.equal(await isError(page), false);
  assertQuiet(seen);
});

test("what was changed on the page of security is done, also if only the look afterwards fails", async () => {
  const [account, { email }] = [newAccount(), newAccount()];
  const { page, seen } = await visitAs(browser, account, "/account/security");
  await addAuthenticator(page);
  const look = "/api/users/me/export";
  let recover = await failing(page, "GET", look);
  await fillIn(page, "Password", { "Current password": account.password, "New password": newPassword });
  await told(page, `Your password is changed, and all other sessions have ended. ${unseen}`);
  assert.equal(await logsIn(account, newPassword), true);
  await press(page, "Add a passkey");
  await told(page, `The passkey is added. You can log in with it from now on. ${unseen}`);
  await recover();
  await page.reload();
  await ready(page);

  recover = await failing(page, "GET", look);
  await items(page, "Passkeys").getByRole("button", { name: /^Rename / }).click();
  await fillIn(page, "Rename the passkey", { Name: "My laptop" });
  await told(page, `The passkey is renamed. ${unseen}`);
  await items(page, "Passkeys").getByRole("button", { name: /^Remove / }).click();
  await told(page, `The passkey is removed. Delete it from your password manager too. ${unseen}`);
  await fillIn(page, "E-mail address", { "New e-mail": email, "Current password": newPassword });
  await told(page, `A code is on its way to ${email}. ${unseen}`);
  await recover();
  await page.reload();
  await ready(page);
  await failing(page, "GET", look);
  await fillIn(page, "Confirm the new address", { Code: await mailedCode(email, "confirm your new address") });
  await told(page, `Your address is confirmed. ${unseen}`);
  assert.equal(await isError(page), false);
  assertQuiet(seen);
});

test("after a log-in to another account the page goes on with the account that it shows", async () => {
  const [account, other] = [newAccount(), newAccount()];
  await signUp(service, other);
  const { page, seen } = await visitAs(browser, account, "/account/security");
  await failing(page, "GET", "/api/users/me/export");
  const logIn = () => logInElsewhere(page, other);
  await onRequest(page, "/api/users/me", () => onRequest(page, "/api/_auth/session", logIn));
  await fillIn(page, "Password", { "Current password": account.password, "New password": newPassword });
  await told(page, `Your password is changed, and all other sessions have ended. ${unseen}`);
  await press(page, "Set up an authenticator app");
  await told(page, "You are logged in to another account by now.");
  assert.equal(await page.locator("#totp-picture").isVisible(), false);
  assertQuiet(seen);
});

test("an address is confirmed, also if only the look afterwards fails", async () => {
  const account = newAccount();
  const { page, seen } = await visitAs(browser, account, "/account/");
  await press(page, "Mail me a code");
  const code = await mailedCode(account.email, "confirm your address");
  await onRequest(page, "/api/auth/email/verify", () => failing(page, "GET", "/api/_auth/session"));
  await page.getByLabel("Code", { exact: true }).fill(code);
  await page.keyboard.press("Enter");
  await told(page, `Your address is confirmed. ${unseen}`);
  assert.equal(await isError(page), false);
  assertQuiet(seen);
});

test("sessions have ended, also if only the look afterwards fails", async () => {
  const account = newAccount();
  const { page, seen } = await visitAs(browser, account, "/account/sessions");
  for (let count = 0; count < 2; count += 1) await call(service, "POST", "/api/auth/login", { body: account });
  await page.reload();
  await ready(page);
  await failing(page, "GET", "/api/auth/sessions");
  await page.getByRole("button", { name: /^End the session of / }).first().click();
  await told(page, `The session has ended. ${unseen}`);
  await press(page, "End all other sessions");
  await told(page, `All other sessions have ended. ${unseen}`);
  assert.equal(await isError(page), false);
  assertQuiet(seen);
});

test("a sign-up is done, also if only the look afterwards fails", async () => {
  const account = newAccount();
  const { page, seen } = await visit(browser, "/account/sign-up");
  const recover = await failing(page, "GET", "/api/_auth/session");
  await fillIn(page, "Create an account", { "E-mail": account.email, Password: account.password });
  await told(page, "You are logged in. Please reload this page.");
  assert.equal(await isError(page), false);
  await screenshot(page, "own-sign-up-unseen");
  await recover();
  await page.reload();
  await heading(page, "You are logged in");
  assert.equal(await logsIn(account), true);
  assertQuiet(seen);
});
