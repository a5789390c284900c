// Log-in by a mailed code or link, and the link that sets a new password, on the example page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { newAccount, signUp } from "./support/account.js";
import { assertAccessible } from "./support/axe.js";
import { launchBrowser, openPage, screenshot } from "./support/browser.js";
import { fillIn, pageFor, signedIn, signedOut, submit, told } from "./support/example-page.js";
import { mailedCode, mailedLink } from "./support/inbox.js";
import { servePages } from "./support/pages.js";

const service = process.env.SERVICE_URL;
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

/** A page that has asked for a code for a new account. */
async function asked() {
  const account = newAccount();
  await signUp(service, account);
  const { context, page } = await openPage(browser, pageFor(pages, service));
  await signedOut(page);
  await fillIn(page, "Ask for a code to log in", { "E-mail": account.email });
  await told(page, "If the address can log in, a code is on its way.");
  return { account, context, page };
}

test("a mailed code logs in, and confirms the address", async () => {
  const { account, page } = await asked();
  await screenshot(page, "page-log-in-code");
  await assertAccessible(page);
  await fillIn(page, "Log in with a code", { Code: await mailedCode(account.email, "log in") });
  await told(page, `Welcome, ${account.email}.`);
  await page.getByRole("definition").filter({ hasText: `${account.email} (confirmed)` }).waitFor();
});

test("the link logs in when the person says so, in the browser that asked and in no other", async () => {
  const { account, context } = await asked();
  const { hash } = new URL(await mailedLink(account.email, "log in"));
  const { page: other } = await openPage(browser, pageFor(pages, service) + hash);
  await other.getByRole("button", { name: "Log in with this code" }).click();
  await told(other, "This code is wrong or too old.");
  await signedOut(other);

  const page = await context.newPage();
  await page.goto(pageFor(pages, service) + hash);
  const button = page.getByRole("button", { name: "Log in with this code" });
  await button.waitFor();
  assert.equal(new URL(page.url()).hash, "", "the code does not stay in the history");
  await sleep(200);
  await signedOut(page);
  await button.click();
  await signedIn(page);
});

test("a page that is fetched ahead and a scanner use nothing up", async () => {
  const { account, context, page } = await asked();
  const link = await mailedLink(account.email, "log in");
  const { hash } = new URL(link);
  const target = pageFor(pages, service) + hash;
  for (const method of ["GET", "HEAD"]) await fetch(target, { method });
  await page.evaluate((href) => {
    document.head.append(Object.assign(document.createElement("link"), { rel: "prefetch", href }));
  }, target);
  const opened = await context.newPage();
  await opened.goto(target);
  await opened.close();
  await page.goto("about:blank");
  await page.goto(target);
  await page.getByRole("button", { name: "Log in with this code" }).click();
  await signedIn(page);
});

test("the link of a reset mail sets a new password", async () => {
  const account = newAccount();
  await signUp(service, account);
  const { page } = await openPage(browser, pageFor(pages, service));
  await signedOut(page);
  await fillIn(page, "Ask for a code", { "E-mail": account.email });
  await told(page, "If the address has an account, a code is on its way.");
  const { hash } = new URL(await mailedLink(account.email, "reset your password"));
  assert.match(hash, /^#key=.{43}$/);
  await page.goto("about:blank");
  await page.goto(pageFor(pages, service) + hash);
  const form = "Set a new password with the link";
  await page.getByRole("form", { name: form, exact: true }).waitFor();
  await screenshot(page, "page-recovery-link");
  await assertAccessible(page);
  await fillIn(page, form, { "New password": "another horse battery" });
  await told(page, "Your password is changed");
  await submit(page, "Log in", { ...account, password: "another horse battery" });
  await signedIn(page);
});
