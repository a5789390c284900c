// The start page, and the pages of sign-up, log-in and account.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newAccount, signUp } from "./support/account.js";
import { assertAccessible } from "./support/axe.js";
import { launchBrowser, openPage, screenshot } from "./support/browser.js";
import { mailedCode } from "./support/inbox.js";
import { assertQuiet, fillIn, heading, press, ready, told, views, visit } from "./support/own-pages.js";

const service = process.env.SERVICE_URL;
let browser;

before(async () => {
  browser = await launchBrowser();
});
after(() => browser?.close());

const fields = ({ email, password }) => ({ "E-mail": email, Password: password });

test("a visitor signs up on the start page, looks at the account, confirms the address and logs out", async () => {
  const { page, seen } = await visit(browser, "/");
  const account = newAccount();
  await fillIn(page, "Create an account", fields(account));
  await heading(page, "You are logged in");
  await page.getByText(account.email).waitFor();
  await page.getByRole("link", { name: "Your account" }).click();
  await heading(page, "Your account");
  await page.getByText("not confirmed").waitFor();

  await press(page, "Mail me a code");
  await told(page, "A code is on its way.");
  await fillIn(page, "Confirm your address", { Code: await mailedCode(account.email, "confirm your address") });
  await told(page, "Your address is confirmed.");
  await page.getByRole("definition").filter({ hasText: `${account.email} confirmed` }).waitFor();
  await press(page, "Log out");
  await heading(page, "Log in");
  assertQuiet(seen);
});

test("an error stands beside its field, takes the focus there and loses nothing", async () => {
  const { page, seen } = await visit(browser, "/account/sign-up");
  const account = newAccount();
  await fillIn(page, "Create an account", { "E-mail": account.email, Password: "short" });
  await told(page, "Please look at the marked fields.");
  const field = page.getByLabel("Password", { exact: true });
  assert.equal(await field.evaluate((input) => input === document.activeElement), true);
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  assert.equal(await field.inputValue(), "short");
  assert.match(await page.locator("#sign-up-password-issue").innerText(), /At least 8 characters/);
  await screenshot(page, "own-sign-up-error");
  await assertAccessible(page);

  await signUp(service, account);
  await fillIn(page, "Create an account", fields(account));
  await told(page, "This address already has an account.");
  assert.equal(await page.getByLabel("E-mail").inputValue(), account.email);
  assertQuiet(seen);
});

test("a log-in leads to the page that sent the person here, also by way of sign-up", async () => {
  const account = newAccount();
  await signUp(service, account);
  const { page, seen } = await visit(browser, "/account/login?return_to=%2Fdocs%2F");
  await fillIn(page, "Log in", { ...fields(account), Password: "wrong password" });
  await told(page, "The e-mail address or the password is wrong.");
  await fillIn(page, "Log in", fields(account));
  await page.waitForURL(`${service}/docs/`);

  // Signed in already, the person chooses: a page that sends everybody here must not go round in circles.
  await page.goto(`${service}/account/sign-up?return_to=%2Fdocs%2F`);
  await heading(page, "You are logged in");
  await press(page, "Log out");
  await told(page, "You are logged out.");
  await page.getByRole("link", { name: "Log in" }).click();
  await heading(page, "Log in");
  await page.getByRole("link", { name: "Sign up" }).click();
  await fillIn(page, "Create an account", fields(newAccount()));
  await page.waitForURL(`${service}/docs/`);
  assertQuiet(seen);
});

test("an account page asks a visitor to log in, and opens then", async () => {
  const account = newAccount();
  await signUp(service, account);
  const { page, seen } = await openPage(browser, `${service}/account/`);
  await heading(page, "Log in");
  await fillIn(page, "Log in", fields(account));
  await heading(page, "Your account");
  assertQuiet(seen);
});

test("what a provider reports is told in words and does not stay in the address", async () => {
  const { page, seen } = await visit(browser, "/account/login?error=access_denied");
  await told(page, "You did not log in at the other provider.");
  assert.equal(new URL(page.url()).search, "");
  await page.goto(`${service}/account/login?error=too_many_requests`);
  await told(page, "Too many tries.");
  await page.goto(`${service}/account/login?error=second_factor_required`);
  await heading(page, "One more step");
  assertQuiet(seen);
});

test("the keyboard alone signs up and logs in", async () => {
  const { page, seen } = await visit(browser, "/account/sign-up");
  const account = newAccount();
  const until = async (name) => {
    for (let count = 0; count < 12; count += 1) {
      await page.keyboard.press("Tab");
      const focused = await page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
      if (focused === name) return;
    }
    throw new Error(`the tab key does not reach ${name}`);
  };
  await until("sign-up-email");
  await page.keyboard.type(account.email);
  await until("sign-up-password");
  await page.keyboard.type(account.password);
  await page.keyboard.press("Enter");
  await heading(page, "Your account");
  await until("Log out");
  await page.keyboard.press("Enter");
  await heading(page, "Log in");
  await ready(page);
  await until("log-in-email");
  await page.keyboard.type(account.email);
  await until("log-in-password");
  await page.keyboard.type(account.password);
  await page.keyboard.press("Enter");
  await heading(page, "Your account");
  assertQuiet(seen);
});

test("a password can be looked at, and is a password again when it is sent", async () => {
  const { page } = await visit(browser, "/account/sign-up");
  const field = page.getByLabel("Password", { exact: true });
  await page.getByLabel("Show password").check();
  assert.equal(await field.getAttribute("type"), "text");
  await page.getByRole("button", { name: "Sign up" }).click();
  assert.equal(await field.getAttribute("type"), "password");
});

test("a page at another name of this machine leads to the public one", async () => {
  const { page } = await openPage(browser, `${service.replace("localhost", "127.0.0.1")}/account/login`);
  await ready(page);
  assert.equal(page.url(), `${service}/account/login`);
});

const paths = { start: "/", "log-in": "/account/login", "sign-up": "/account/sign-up" };

for (const { name, options } of views) {
  test(`the pages are accessible and fit the window: ${name}`, async () => {
    for (const [part, path] of Object.entries(paths)) {
      const { page, context, seen } = await visit(browser, path, options);
      await screenshot(page, `own-${part}-${name}`);
      await assertAccessible(page);
      assertQuiet(seen);
      await context.close();
    }
    const { page } = await visit(browser, "/account/sign-up", options);
    await fillIn(page, "Create an account", fields(newAccount()));
    await heading(page, "Your account");
    await ready(page);
    await screenshot(page, `own-account-${name}`);
    await assertAccessible(page);
    await page.goto(`${service}/`);
    await ready(page);
    await screenshot(page, `own-start-signed-in-${name}`);
    await assertAccessible(page);
  });
}

test("the pages are in German, on the narrowest screen and at 200 %", async () => {
  for (const width of [320, 640]) {
    for (const [part, path] of Object.entries(paths)) {
      const options = { locale: "de-DE", viewport: { width, height: 640 } };
      const { page, context } = await visit(browser, path, options);
      assert.equal(await page.locator("html").getAttribute("lang"), "de");
      await screenshot(page, `own-${part}-german-${width}`);
      await assertAccessible(page);
      await context.close();
    }
  }
  const { page } = await visit(browser, "/account/login", { locale: "de-DE" });
  await fillIn(page, "Anmelden", { "E-Mail": newAccount().email, Passwort: "falsch geraten" });
  await told(page, "Die E-Mail-Adresse oder das Passwort ist falsch.");
});

test("without JavaScript each page says what it needs", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const own = ["", "recover", "security", "sessions", "activity", "data"].map((part) => `/account/${part}`);
  const others = [...own, ...["", "users", "users/x", "events", "webhooks"].map((part) => `/admin/${part}`)];
  for (const path of [...Object.values(paths), ...others]) {
    const page = await context.newPage();
    await page.goto(service + path);
    // Searches by text leave this element out.
    const hint = page.locator("noscript p");
    await hint.waitFor();
    assert.match(await hint.innerText(), /^This page needs JavaScript/);
  }
  await context.close();
});
