// The example page, served on a port of its own and used the way a person uses it.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { call, newAccount, signUp } from "./support/account.js";
import { launchBrowser, openPage, screenshot } from "./support/browser.js";
import { pageFor, press, signedIn, signedOut, submit, told } from "./support/example-page.js";
import { servePages } from "./support/pages.js";

const service = process.env.SERVICE_URL;
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
  for (const { problems, requests } of visits.splice(0)) {
    // The browser reports every answer from 400 up; the tests expect some of those.
    assert.deepEqual(problems.filter((problem) => !problem.startsWith("Failed to load resource")), []);
    assert.deepEqual(requests.filter((url) => ![pages.origin, service].includes(new URL(url).origin)), []);
  }
});

async function visit(options) {
  const { context, page, seen } = await openPage(browser, pageFor(pages, service), options);
  visits.push(seen);
  return { context, page };
}

/** The names of the browser's cookies. */
async function names(context) {
  return (await context.cookies()).map((cookie) => cookie.name).sort();
}

test("a visitor signs up, stays signed in after a reload and logs out", async () => {
  const { context, page } = await visit();
  const account = newAccount();

  await signedOut(page);
  await screenshot(page, "page-signed-out");
  await submit(page, "Create an account", account);
  await told(page, `Welcome, ${account.email}.`);
  await page.reload();
  await signedIn(page);
  await page.getByRole("definition").filter({ hasText: account.email }).waitFor();
  assert.match(await page.getByRole("listitem").innerText(), /This browser/);
  await screenshot(page, "page-signed-in");

  await press(page, "Log out");
  await told(page, "You are logged out.");
  assert.deepEqual(await names(context), ["neptun-device"]);
  await page.reload();
  await signedOut(page);
});

test("the session and the device are in HttpOnly cookies and nowhere else", async () => {
  const { context, page } = await visit();
  await submit(page, "Create an account", newAccount());
  await signedIn(page);

  assert.deepEqual(await names(context), ["neptun-device", "neptun-session"]);
  for (const cookie of await context.cookies()) {
    assert.equal(cookie.httpOnly, true);
    assert.equal(cookie.sameSite, "Lax");
  }
  const visible = await page.evaluate(() => document.cookie + JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  assert.equal(visible, "[{},{}]");
});

test("a session is ended from another browser", async () => {
  const account = newAccount();
  const { page } = await visit();
  await submit(page, "Create an account", account);
  await signedIn(page);
  const { page: phone } = await visit({ userAgent: "Phone/1.0" });
  await submit(phone, "Log in", account);
  await told(phone, `Welcome back, ${account.email}.`);

  await page.reload();
  await page.getByText("Phone/1.0").waitFor();
  await screenshot(page, "page-two-sessions");
  await press(page, "End the session of Phone/1.0");
  await told(page, "The session is ended.");
  assert.equal(await page.getByRole("listitem").count(), 1);
  await phone.reload();
  await signedOut(phone);
});

test("all other sessions are ended at once", async () => {
  const account = newAccount();
  const { page } = await visit();
  await submit(page, "Create an account", account);
  await signedIn(page);
  const others = [await visit(), await visit()];
  for (const { page: other } of others) {
    await submit(other, "Log in", account);
    await signedIn(other);
  }

  await page.reload();
  await press(page, "End all other sessions");
  await told(page, "2 other sessions are ended.");
  for (const { page: other } of others) {
    await other.reload();
    await signedOut(other);
  }
  await page.reload();
  await signedIn(page);
});

test("a wrong password shows the service's message", async () => {
  const account = newAccount();
  await signUp(service, account);
  const wrong = { ...account, password: "not the password" };
  const { message } = await (await call(service, "POST", "/api/auth/login", { body: wrong })).json();
  const { context, page } = await visit();

  await submit(page, "Log in", wrong);
  await told(page, message);
  await screenshot(page, "page-wrong-password");
  assert.deepEqual(await context.cookies(), []);
  await submit(page, "Log in", account);
  await signedIn(page);
});

test("a taken e-mail shows the service's message", async () => {
  const account = newAccount();
  await signUp(service, account);
  const { page } = await visit();

  await submit(page, "Create an account", account);
  await told(page, "A user with this email already exists");
});

test("every field with an issue shows it", async () => {
  const wrong = { email: "no-address", password: "short" };
  const error = await (await call(service, "POST", "/api/auth/sign-up", { body: wrong })).json();
  const why = (name) => error.data.issues.find(({ path }) => path[0] === name).message;
  const { page } = await visit();

  await submit(page, "Create an account", wrong);
  await told(page, error.message);
  const form = page.getByRole("form", { name: "Create an account" });
  const email = form.getByRole("textbox", { name: "E-mail", description: why("email") });
  await email.waitFor();
  await form.getByText(why("password")).waitFor();
  assert.equal(await email.getAttribute("aria-invalid"), "true");
  assert.equal(await email.evaluate((input) => input === document.activeElement), true);
  await screenshot(page, "page-refused-fields");

  await submit(page, "Create an account", newAccount());
  await signedIn(page);
});

test("a service that does not answer is named", async () => {
  const gone = await servePages();
  await gone.close();
  const { page } = await openPage(browser, pageFor(pages, gone.origin));

  await told(page, `${gone.origin} did not answer`);
});

test("the page fits a phone, in the dark", async () => {
  const { page } = await visit({ viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  await screenshot(page, "page-phone-signed-out");
  await submit(page, "Create an account", newAccount());
  await signedIn(page);
  await screenshot(page, "page-phone-signed-in");
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
});
