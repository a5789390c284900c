// The log-in page: second step, mailed code and link, passkey.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call, newAccount, signUp } from "./support/account.js";
import { addAuthenticator } from "./support/authenticator.js";
import { assertAccessible } from "./support/axe.js";
import { launchBrowser, screenshot } from "./support/browser.js";
import { mailedCode, mailedLink } from "./support/inbox.js";
import { assertQuiet, fillIn, heading, press, ready, told, visit } from "./support/own-pages.js";
import { appCode } from "./support/totp.js";

const service = process.env.SERVICE_URL;
let browser;

before(async () => {
  browser = await launchBrowser();
});
after(() => browser?.close());

const fields = ({ email, password }) => ({ "E-mail": email, Password: password });

test("with an authenticator app, the log-in takes a second step: a code, or a recovery code", async () => {
  const account = newAccount();
  const cookie = await signUp(service, account);
  const { secret } = await (await call(service, "POST", "/api/auth/totp", { cookie })).json();
  const confirmed = await call(service, "POST", "/api/auth/totp/confirm", { cookie, body: { code: appCode(secret) } });
  const { recovery_codes: codes } = await confirmed.json();

  const { page, seen } = await visit(browser, "/account/login");
  await fillIn(page, "Log in", fields(account));
  await heading(page, "One more step");
  await screenshot(page, "own-second-step");
  await assertAccessible(page);
  // The focus is in the field.
  await page.keyboard.type("000000");
  await page.keyboard.press("Enter");
  await told(page, "This code is wrong or too old.");
  await fillIn(page, "One more step", { Code: appCode(secret, 1) });
  await heading(page, "Your account");
  await press(page, "Log out");
  await heading(page, "Log in");

  await page.goto(`${service}/`);
  await ready(page);
  await fillIn(page, "Log in", fields(account));
  await heading(page, "One more step");
  await fillIn(page, "One more step", { Code: codes[0] });
  await heading(page, "You are logged in");
  assertQuiet(seen);
});

test("what a person asked for is done also when they leave the page at once", async () => {
  const account = newAccount();
  await signUp(service, account);
  const { page } = await visit(browser, "/account/login");
  // Browsers finish such requests after the page is gone. On one machine every request is faster than that.
  await page.evaluate(() => {
    const { fetch } = window;
    window.asked = [];
    window.fetch = (path, request) => {
      window.asked.push([request.method, request.keepalive]);
      return fetch(path, request);
    };
  });
  await fillIn(page, "Log in", { ...fields(account), Password: "wrong password" });
  await told(page, "The e-mail address or the password is wrong.");
  assert.deepEqual(await page.evaluate(() => window.asked), [["POST", true]]);
});

test("a mailed code logs in", async () => {
  const account = newAccount();
  await signUp(service, account);
  const { page, seen } = await visit(browser, "/account/login");
  await press(page, "Mail me a code");
  assert.match(await page.locator("#log-in-email-issue").innerText(), /Enter your address here/);
  await page.getByLabel("E-mail").fill(account.email);
  await press(page, "Mail me a code");
  await told(page, "If the address can log in, a code is on its way.");
  await screenshot(page, "own-code");
  await assertAccessible(page);
  await fillIn(page, "Enter the code", { Code: await mailedCode(account.email, "log in") });
  await heading(page, "Your account");
  await page.getByText("confirmed", { exact: true }).waitFor();
  assertQuiet(seen);
});

test("the link of a mail logs in, in the browser that asked for it", async () => {
  const account = newAccount();
  await signUp(service, account);
  const { page, context, seen } = await visit(browser, "/account/login");
  await page.getByLabel("E-mail").fill(account.email);
  await press(page, "Mail me a code");
  await told(page, "If the address can log in, a code is on its way.");
  const link = await mailedLink(account.email, "log in");
  assert.match(link, new RegExp(`^${service}/account/login#`));
  const opened = await context.newPage();
  await opened.goto(link);
  await fillIn(opened, "Enter the code", {});
  await heading(opened, "Your account");
  await opened.getByText("confirmed", { exact: true }).waitFor();
  assertQuiet(seen);
});

/** Adds a passkey to the signed-in account. */
async function addPasskey(page, account) {
  await page.evaluate(async (userName) => {
    const send = async (more) => {
      const body = JSON.stringify({ user: { userName }, ...more });
      const request = { method: "POST", headers: { "Content-Type": "application/json" }, body };
      return (await fetch("/api/auth/webauthn/register", request)).json();
    };
    const { creationOptions, attemptId } = await send({ verify: false });
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(creationOptions);
    const credential = await navigator.credentials.create({ publicKey });
    await send({ attemptId, response: credential.toJSON(), verify: true });
  }, account.email);
}

test("a passkey logs in without a name", async () => {
  const { page, seen } = await visit(browser, "/");
  await addAuthenticator(page, { automaticPresenceSimulation: true });
  const account = newAccount();
  await fillIn(page, "Create an account", fields(account));
  await heading(page, "You are logged in");
  await addPasskey(page, account);
  await call(service, "POST", "/api/auth/logout", { cookie: await cookieOf(page) });
  await page.goto(`${service}/account/login`);
  // The field of the address offers the passkey, and the authenticator answers by itself.
  await heading(page, "Your account");
  await page.getByText(account.email).waitFor();
  assertQuiet(seen);
});

async function cookieOf(page) {
  const cookies = await page.context().cookies();
  return cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
}

test("a link with digits, or for another account than the one signed in, is not taken", async () => {
  const { page, seen } = await visit(browser, "/account/login#email=other@example.com&code=12345678");
  await heading(page, "Log in");
  assert.equal(await page.locator("#log-in-code-code").isVisible(), false);
  assert.equal(new URL(page.url()).hash, "");

  await page.goto(`${service}/account/sign-up`);
  await fillIn(page, "Create an account", fields(newAccount()));
  await heading(page, "Your account");
  await page.goto(`${service}/account/login#email=other@example.com&code=AbCdEfGh-1234`);
  await heading(page, "You are logged in");
  assert.equal(await page.locator("#log-in-code-code").isVisible(), false);
  assertQuiet(seen);
});

test("a guest is welcomed by the link of an invitation, and told when that is over", async () => {
  const account = newAccount();
  await signUp(service, account);
  await call(service, "POST", "/auth/otp", { body: { action: "create", email: account.email } });
  // The page can't tell what a key was mailed for; the link of an invitation says so.
  const link = `${await mailedLink(account.email, "reset your password")}&for=invitation`;
  const { page, seen } = await visit(browser, `/account/recover${new URL(link).hash}`);
  await heading(page, "Welcome: choose your password");
  await screenshot(page, "own-invitation");
  await assertAccessible(page);
  const form = "Welcome: choose your password";
  await fillIn(page, form, { Password: "the password of a guest" });
  await heading(page, "Your password is set");
  await page.goto("about:blank");
  await page.goto(link);
  await fillIn(page, form, { Password: "another password" });
  await told(page, "This invitation was used, replaced or is too old.");
  await page.goto(`${service}/account/login`);
  await ready(page);
  await fillIn(page, "Log in", { "E-mail": account.email, Password: "the password of a guest" });
  await heading(page, "Your account");
  assertQuiet(seen);
});
