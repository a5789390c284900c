// A page on an origin that the service does not list: STRICT_SERVICE_URL lists https://app.example.com only, while
// SERVICE_URL lists every loopback origin.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call, newAccount, signUp } from "./support/account.js";
import { launchBrowser, openPage, screenshot } from "./support/browser.js";
import { pageFor, submit, told } from "./support/example-page.js";
import { servePages } from "./support/pages.js";

const service = process.env.STRICT_SERVICE_URL;
const listingService = process.env.SERVICE_URL;
let browser;
let pages;

before(async () => {
  browser = await launchBrowser();
  pages = await servePages();
});
after(async () => {
  await browser?.close();
  await pages?.close();
});

/** The service rejects a taken address, so a sign-up that succeeds now proves that the address had no account. */
async function assertNoAccount(account) {
  const logIn = await call(service, "POST", "/api/auth/login", { body: account });
  assert.equal(logIn.status, 401);
  await signUp(service, account);
}

/** A browser signed in at a service, on a page of another origin. */
async function visitSignedIn(service) {
  const cookie = await signUp(service, newAccount());
  const [name, value] = cookie.split("=");
  const { context, page } = await openPage(browser, pageFor(pages, service));
  await context.addCookies([{ name, value, url: service, httpOnly: true, sameSite: "Lax" }]);
  return { cookie, page };
}

/** The result of a call from a script of the page: the answer's text, or the name of the failure. */
function fetchFrom(page, method, url) {
  return page.evaluate(
    ([url, method]) =>
      fetch(url, { method, credentials: "include" }).then(
        (response) => response.text(),
        (error) => error.name,
      ),
    [url, method],
  );
}

test("the page's own form creates no account", async () => {
  const account = newAccount();
  const { context, page } = await openPage(browser, pageFor(pages, service));

  await submit(page, "Create an account", account);
  await told(page, `does not allow pages from ${pages.origin}`);
  await screenshot(page, "page-foreign-origin");
  assert.deepEqual(await context.cookies(), []);
  await assertNoAccount(account);
});

// Browsers send form bodies without a preflight, so only the service itself can reject these two.

test("a form body sent by a script creates no account", async () => {
  const account = newAccount();
  const { context, page } = await openPage(browser, pageFor(pages, service));

  const sent = page.waitForRequest(`${service}/api/auth/sign-up`);
  const outcome = await page.evaluate(
    ([url, account]) =>
      fetch(url, { method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams(account) }).then(
        (response) => response.type,
        (error) => error.name,
      ),
    [`${service}/api/auth/sign-up`, account],
  );
  assert.equal((await sent).postDataJSON().email, account.email);
  // Not even an answer without content: Cross-Origin-Resource-Policy keeps it from the page.
  assert.equal(outcome, "TypeError");
  assert.deepEqual(await context.cookies(), []);
  await assertNoAccount(account);
});

test("a submitted form creates no account", async () => {
  const account = newAccount();
  // The example page's own policy forbids forms; its style sheet, opened as a page, has no policy.
  const { context, page } = await openPage(browser, `${pages.origin}/style.css`);

  const answer = page.waitForResponse(`${service}/api/auth/sign-up`);
  await page.evaluate(
    ([url, account]) => {
      const form = Object.assign(document.createElement("form"), { method: "post", action: url });
      for (const [name, value] of Object.entries(account)) {
        form.append(Object.assign(document.createElement("input"), { name, value }));
      }
      document.body.append(form);
      form.submit();
    },
    [`${service}/api/auth/sign-up`, account],
  );
  assert.equal((await answer).status(), 403);
  assert.deepEqual(await context.cookies(), []);
  await assertNoAccount(account);
});

test("a page reads nothing of a signed-in account", async () => {
  const { page } = await visitSignedIn(service);
  const { page: listed } = await visitSignedIn(listingService);

  for (const path of ["/api/auth/session", "/api/auth/sessions", "/api/_auth/session"]) {
    assert.equal(await fetchFrom(page, "GET", service + path), "TypeError");
    // The same request to a service that lists the page: the session does travel, and the setting is all that differs.
    assert.match(await fetchFrom(listed, "GET", listingService + path), /"(primary_email|current)":/);
  }
});

test("a page ends no session of a signed-in account", async () => {
  const { cookie, page } = await visitSignedIn(service);

  assert.equal(await fetchFrom(page, "POST", `${service}/api/auth/logout`), "TypeError");
  assert.equal(await fetchFrom(page, "DELETE", `${service}/api/auth/sessions`), "TypeError");
  assert.equal(await fetchFrom(page, "DELETE", `${service}/api/_auth/session`), "TypeError");
  const session = await call(service, "GET", "/api/auth/session", { cookie });
  assert.equal(session.status, 200);
});
