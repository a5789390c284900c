// The example page, served on a port of its own and used the way a person uses it.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { newAccount, signUp } from "./support/account.js";
import { assertAccessible, looks } from "./support/axe.js";
import { launchBrowser, openPage, screenshot } from "./support/browser.js";
import { pageFor, press, signedIn, signedOut, submit, told } from "./support/example-page.js";
import { servePages } from "./support/pages.js";

const service = process.env.SERVICE_URL;
const phoneAgent =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 " +
  "Mobile/15E148 Safari/604.1";
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
  const { page: phone } = await visit({ userAgent: phoneAgent });
  await submit(phone, "Log in", account);
  await told(phone, `Welcome back, ${account.email}.`);

  await page.reload();
  await page.getByText("Safari on iPhone").waitFor();
  await screenshot(page, "page-two-sessions");
  await press(page, "End the session of Safari on iPhone");
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

test("a wrong password is named in a person's words", async () => {
  const account = newAccount();
  await signUp(service, account);
  const wrong = { ...account, password: "not the password" };
  const { context, page } = await visit();

  await submit(page, "Log in", wrong);
  await told(page, "The e-mail address or the password is wrong.");
  await screenshot(page, "page-wrong-password");
  assert.deepEqual(await context.cookies(), []);
  await submit(page, "Log in", account);
  await signedIn(page);
});

test("a taken e-mail is named in a person's words", async () => {
  const account = newAccount();
  await signUp(service, account);
  const { page } = await visit();

  await submit(page, "Create an account", account);
  await told(page, "This address already has an account.");
});

test("every field with an issue shows it", async () => {
  const wrong = { email: "no-address", password: "short" };
  const { page } = await visit();

  await submit(page, "Create an account", wrong);
  await told(page, "Please look at the marked fields.");
  const form = page.getByRole("form", { name: "Create an account" });
  const email = form.getByRole("textbox", { name: "E-mail", description: "This is not an e-mail address, such as anna@example.com." });
  await email.waitFor();
  await form.getByText("Password must have at least 8 characters.").waitFor();
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

test("a visitor without a session sees no error, nor does the console", async () => {
  const { context, page, seen } = await openPage(browser, pageFor(pages, service));
  await signedOut(page);
  await submit(page, "Create an account", newAccount());
  await signedIn(page);
  await press(page, "Log out");
  await told(page, "You are logged out.");
  await page.reload();
  await signedOut(page);
  assert.deepEqual(seen.problems, []);
  await context.close();
});

test("the keyboard follows each change of view", async () => {
  const { page } = await visit();
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  await signedOut(page);
  assert.notEqual(await focused(), "Log in", "a page that opens moves nothing");
  await submit(page, "Create an account", newAccount());
  await told(page, "Welcome");
  assert.equal(await focused(), "You are logged in");
  await press(page, "Log out");
  await told(page, "You are logged out.");
  assert.equal(await focused(), "Log in");
});

test("a password can be shown", async () => {
  const { page } = await visit();
  const form = page.getByRole("form", { name: "Create an account" });
  const password = page.locator("#sign-up-password");
  await password.fill("correct horse battery");
  assert.equal(await password.getAttribute("type"), "password");
  await form.getByLabel("Show password").check();
  assert.equal(await password.getAttribute("type"), "text");
  await submit(page, "Create an account", newAccount());
  await signedIn(page);
  assert.equal(await password.getAttribute("type"), "password", "the next visitor's is hidden again");
});

test("a page on 127.0.0.1 works with a service on 127.0.0.1", async () => {
  const [page127, service127] = [pages.origin, service].map((url) => url.replace("localhost", "127.0.0.1"));
  const { page } = await openPage(browser, `${page127}/?api=${service127}`);
  await submit(page, "Create an account", newAccount());
  await signedIn(page);
  await page.reload();
  await signedIn(page);
  assert.equal(await page.getByText("two sites").isVisible(), false);
});

test("a page on another loopback name than its service says where to open it", async () => {
  const { page } = await openPage(browser, pageFor(pages, service).replace("localhost", "127.0.0.1"));
  const account = newAccount();
  await signedOut(page);
  await submit(page, "Create an account", account);
  await told(page, "Your browser did not send the cookie");
  await signedOut(page);
  await screenshot(page, "page-two-sites");
  await page.getByRole("link", { name: "http://localhost" }).click();
  await submit(page, "Log in", account);
  await signedIn(page);
});

for (const { name, options } of looks) {
  test(`both views are accessible and fit the window: ${name}`, async () => {
    const { page } = await visit(options);
    await signedOut(page);
    await page.getByText("Forgot your password?").scrollIntoViewIfNeeded();
    await screenshot(page, `page-signed-out-${name}`);
    await assertAccessible(page);
    await submit(page, "Create an account", { email: "no-address", password: "short" });
    await told(page, "Please look at the marked fields.");
    await assertAccessible(page);
    await submit(page, "Create an account", newAccount());
    await signedIn(page);
    await page.getByText("Delete the account").click();
    await screenshot(page, `page-signed-in-${name}`);
    await assertAccessible(page);
  });
}
