// The stream of events, followed by pages with EventSource: two browsers of one account.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call, newAccount, signUp } from "./support/account.js";
import { launchBrowser, openPage } from "./support/browser.js";
import { pageFor } from "./support/example-page.js";
import { servePages } from "./support/pages.js";

const service = process.env.SERVICE_URL;
const kinds = ["hello", "user_changed", "session_ended"];
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

async function logIn(account) {
  const response = await call(service, "POST", "/api/auth/login", { body: account });
  assert.equal(response.status, 200);
  return response.headers.getSetCookie()[0].split(";")[0];
}

/** A browser with this cookie, whose page follows the session. */
async function follow(cookie) {
  const { context, page } = await openPage(browser, pageFor(pages, service));
  // The browser itself waits a few seconds before it reconnects.
  page.setDefaultTimeout(60_000);
  const [name, value] = cookie.split("=");
  await context.addCookies([{ name, value, url: service, httpOnly: true, sameSite: "Lax" }]);
  await page.evaluate(
    ([url, kinds]) => {
      window.told = [];
      window.source = new EventSource(url, { withCredentials: true });
      for (const kind of kinds) {
        source.addEventListener(kind, ({ data }) => told.push({ kind, ...JSON.parse(data) }));
      }
    },
    [`${service}/api/auth/events`, kinds],
  );
  return page;
}

/** What the page was told, once it is this number of events. */
async function told(page, number) {
  await page.waitForFunction((number) => window.told.length >= number, number);
  return page.evaluate(() => window.told);
}

function fetchFrom(page, method, path, body) {
  return page.evaluate(
    async ([url, method, body]) => {
      const headers = { "Content-Type": "application/json" };
      const options = { method, headers, credentials: "include", body: body && JSON.stringify(body) };
      return (await fetch(url, options)).status;
    },
    [service + path, method, body],
  );
}

test("a browser is told when another one ends its session, and asks no more", async () => {
  const account = newAccount();
  const [own, other] = [await follow(await signUp(service, account)), await follow(await logIn(account))];
  const [[greeted], [ownGreeting]] = [await told(other, 1), await told(own, 1)];
  assert.equal(greeted.kind, "hello");
  assert.notEqual(greeted.session_id, ownGreeting.session_id);

  assert.equal(await fetchFrom(own, "DELETE", "/api/auth/sessions"), 200);
  assert.deepEqual((await told(other, 2))[1], { kind: "session_ended", session_id: greeted.session_id });
  // The browser tries once more, is told 401, and gives up by itself.
  await other.waitForFunction(() => window.source.readyState === EventSource.CLOSED);
  assert.deepEqual(await told(own, 1), [ownGreeting]);
});

test("a browser whose cookie is replaced reconnects with the new one", async () => {
  const account = newAccount();
  const page = await follow(await signUp(service, account));
  const [greeted] = await told(page, 1);
  const passwords = { current_password: account.password, new_password: "another horse battery" };
  assert.equal(await fetchFrom(page, "POST", "/api/auth/password", passwords), 200);
  const [, again, ...more] = await told(page, 2);
  assert.deepEqual([again.kind, more], ["hello", []], "no session has ended");
  assert.equal(await page.evaluate(() => window.source.readyState), 1);
  assert.equal(typeof greeted.session_id, "string");
});
