// The page of what opens an account: password, address, authenticator app, passkeys.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call, newAccount, signUp } from "./support/account.js";
import { addAuthenticator } from "./support/authenticator.js";
import { assertAccessible } from "./support/axe.js";
import { launchBrowser, screenshot } from "./support/browser.js";
import { mailedCode } from "./support/inbox.js";
import {
  assertQuiet, fillIn, growOld, heading, items, logInElsewhere, press, ready, told, views, visit, visitAs,
} from "./support/own-pages.js";
import { appCode, scan } from "./support/totp.js";

const service = process.env.SERVICE_URL;
const path = "/account/security";
const newPassword = "another horse battery";
const picture = "QR code for your authenticator app";
const proof = "Code of your app, or a recovery code";
let browser;

before(async () => {
  browser = await launchBrowser();
});
after(() => browser?.close());

const open = (account, options) => visitAs(browser, account, path, options);

async function logsIn(account, password) {
  return (await call(service, "POST", "/api/auth/login", { body: { ...account, password } })).status === 200;
}

/** The field has this error, and the keyboard's focus. */
async function assertIssue(page, id, issue) {
  const field = page.locator(`#${id}`);
  assert.match(await page.locator(`#${id}-issue`).innerText(), issue);
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  assert.equal(await field.evaluate((input) => input === document.activeElement), true);
}

const secretOf = async (page) => new URL(await scan(page, picture)).searchParams.get("secret");

test("a password is changed, and each error stands beside its field", async () => {
  const account = newAccount();
  const { page, seen } = await open(account);
  await fillIn(page, "Password", { "Current password": "not this one", "New password": newPassword });
  await told(page, "Please look at the marked fields.");
  await assertIssue(page, "change-password-current", /^This is not your current password/);
  assert.equal(await page.locator("#change-password-new").inputValue(), newPassword, "nothing is lost");
  await fillIn(page, "Password", { "Current password": account.password, "New password": "short" });
  await told(page, "Please look at the marked fields.");
  await assertIssue(page, "change-password-new", /^At least 8 characters/);
  await screenshot(page, "own-security-error");
  await assertAccessible(page);

  await fillIn(page, "Password", { "Current password": account.password, "New password": newPassword });
  await told(page, "Your password is changed, and all other sessions have ended.");
  assert.equal(await logsIn(account, account.password), false);
  assert.equal(await logsIn(account, newPassword), true);
  assertQuiet(seen);
});

test("a new address takes effect with the code that is mailed there", async () => {
  const [account, { email }] = [newAccount(), newAccount()];
  const { page, seen } = await open(account);
  await fillIn(page, "E-mail address", { "New e-mail": "nowhere", "Current password": account.password });
  await told(page, "Please look at the marked fields.");
  await assertIssue(page, "change-email-email", /^This is not an e-mail address/);
  await fillIn(page, "E-mail address", { "New e-mail": email, "Current password": account.password });
  await told(page, `A code is on its way to ${email}.`);

  const code = await mailedCode(email, "confirm your new address");
  await fillIn(page, "Confirm the new address", { Code: code === "00000000" ? "00000001" : "00000000" });
  await told(page, "This code is wrong or too old.");
  await assertIssue(page, "confirm-email-code", /^This code is wrong or too old/);
  await screenshot(page, "own-security-address");
  await assertAccessible(page);
  await fillIn(page, "Confirm the new address", { Code: code });
  await told(page, "Your address is confirmed.");
  assert.equal(await page.locator(".own-email").innerText(), email);
  assert.equal(await page.locator("#confirm-email").isVisible(), false);
  assert.equal(await logsIn({ email }, account.password), true);
  assertQuiet(seen);
});

test("an app is set up by its picture, gets new recovery codes and is removed", async () => {
  const account = newAccount();
  const { page, seen } = await open(account);
  await page.getByText("Off. With an app").waitFor();
  await press(page, "Set up an authenticator app");
  const secret = await secretOf(page);
  await fillIn(page, "Confirm the authenticator app", { "Code that the app shows": "000000" });
  await told(page, "This code is wrong or too old.");
  await assertIssue(page, "confirm-totp-code", /^This code is wrong/);
  await fillIn(page, "Confirm the authenticator app", { "Code that the app shows": appCode(secret) });
  await told(page, "Your authenticator app is on");
  const codes = await items(page, "Recovery codes").allInnerTexts();
  assert.equal(codes.length, 10);
  assert.equal(await page.locator("#totp-secret").innerText(), "");
  await press(page, "I have kept them");
  await page.getByText("On. Recovery codes left: 10.").waitFor();

  const dialog = page.getByRole("dialog", { name: "Is it you?" });
  await growOld(page, "/api/auth/recovery-codes", ["totp", "recovery_code"]);
  await press(page, "Make new recovery codes");
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  await told(page, "Nothing was changed.");
  await growOld(page, "/api/auth/recovery-codes", ["totp", "recovery_code"]);
  await press(page, "Make new recovery codes");
  await dialog.getByLabel(proof).fill(appCode(secret, 1));
  await dialog.getByRole("button", { name: "Go on" }).click();
  await told(page, "The old recovery codes do not work any more.");
  assert.equal(new Set([...codes, ...(await items(page, "Recovery codes").allInnerTexts())]).size, 20);

  await press(page, "Remove the authenticator app");
  await told(page, "The authenticator app is removed.");
  await page.getByText("Off. With an app").waitFor();
  assert.equal(await logsIn(account, account.password), true);
  assertQuiet(seen);
});

test("passkeys are added, renamed and removed", async () => {
  const { page, seen } = await open(newAccount());
  await addAuthenticator(page);
  await press(page, "Add a passkey");
  await told(page, "The passkey is added.");
  assert.equal(await items(page, "Passkeys").count(), 1);
  await press(page, "Add a passkey");
  await told(page, "This device has a passkey of your account already.");

  await items(page, "Passkeys").getByRole("button", { name: /^Rename / }).click();
  await fillIn(page, "Rename the passkey", { Name: "x".repeat(65) });
  await told(page, "Please look at the marked fields.");
  await assertIssue(page, "rename-name", /^This is too long/);
  await press(page, "Cancel");
  await items(page, "Passkeys").getByRole("button", { name: /^Rename / }).click();
  await fillIn(page, "Rename the passkey", { Name: "My <laptop>" });
  await told(page, "The passkey is renamed.");
  assert.equal(await items(page, "Passkeys").locator(".name").innerText(), "My <laptop>");

  await growOld(page, "/api/auth/passkeys/*", ["passkey"]);
  await press(page, "Remove My <laptop>");
  await press(page, "Use a passkey");
  await told(page, "The passkey is removed.");
  assert.equal(await items(page, "Passkeys").count(), 0);
  assertQuiet(seen);
});

test("an account that the page does not show keeps its password and gets no app", async () => {
  const [account, other] = [newAccount(), newAccount()];
  await signUp(service, other);
  const { page, seen } = await open(account);
  await logInElsewhere(page, other);
  await fillIn(page, "Password", { "Current password": other.password, "New password": newPassword });
  await told(page, "You are logged in to another account by now.");
  await press(page, "Set up an authenticator app");
  await told(page, "You are logged in to another account by now.");
  assert.equal(await page.locator("#totp-picture").isVisible(), false);
  for (const one of [account, other]) assert.equal(await logsIn(one, one.password), true);
  assertQuiet(seen);
});

test("the keyboard alone sets up an app", async () => {
  const { page, seen } = await open(newAccount());
  await page.getByRole("button", { name: "Set up an authenticator app" }).focus();
  await page.keyboard.press("Enter");
  const secret = await secretOf(page);
  // The focus is in the field of the code.
  await page.keyboard.type(appCode(secret));
  await page.keyboard.press("Enter");
  await told(page, "Your authenticator app is on");
  await page.keyboard.press("Enter");
  await page.getByRole("list", { name: "Recovery codes" }).waitFor({ state: "hidden" });
  assert.equal(await page.evaluate(() => document.activeElement.id), "app-state");
  assertQuiet(seen);
});

const german = { locale: "de-DE", viewport: { width: 320, height: 640 } };
for (const { name, options } of [...views, { name: "german", options: german }]) {
  test(`the page is accessible and fits the window with all that it can show: ${name}`, async () => {
    const account = newAccount();
    const cookie = await signUp(service, account);
    const { page, context, seen } = await visit(browser, "/account/login", options);
    await addAuthenticator(page);
    const [value, domain] = [cookie.split("="), new URL(service).hostname];
    await context.addCookies([{ name: value[0], value: value.slice(1).join("="), domain, path: "/" }]);
    await page.goto(service + path);
    await ready(page);
    await screenshot(page, `own-security-${name}`);
    await assertAccessible(page);

    await page.locator("#add-passkey").click();
    await items(page, "Passkeys").waitFor();
    await page.locator("#passkeys .rename").click();
    await page.locator("#start-totp").click();
    await page.locator("#totp-picture").waitFor();
    await screenshot(page, `own-security-forms-${name}`);
    await assertAccessible(page);
    await page.locator("#confirm-totp-code").fill(appCode(await page.locator("#totp-secret").innerText()));
    await page.keyboard.press("Enter");
    await page.locator("#recovery-code-list li").first().waitFor();
    await screenshot(page, `own-security-codes-${name}`);
    await assertAccessible(page);
    assertQuiet(seen);
    await context.close();
  });
}
