// Passkeys on the example page, with Chromium's virtual authenticators.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newAccount } from "./support/account.js";
import { assertAccessible } from "./support/axe.js";
import { addAuthenticator } from "./support/authenticator.js";
import { launchBrowser, openPage, screenshot } from "./support/browser.js";
import { pageFor, press, signedIn, signedOut, submit, told } from "./support/example-page.js";
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

/** A new account with a passkey, logged out. The authenticator answers from the first question on only if it may. */
async function withPasskey(options) {
  const { page, seen } = await openPage(browser, pageFor(pages, service));
  const authenticator = await addAuthenticator(page, options);
  const account = newAccount();
  await signedOut(page);
  await submit(page, "Create an account", account);
  await signedIn(page);
  await press(page, "Add a passkey");
  await told(page, "The passkey is added.");
  return { page, seen, authenticator, account };
}

test("a passkey is added, renamed, logs in without a name, and is removed", async () => {
  const { page, seen, authenticator, account } = await withPasskey();
  assert.equal((await authenticator.credentials())[0].isResidentCredential, true);
  page.once("dialog", (dialog) => dialog.accept("My laptop"));
  await press(page, "Rename the passkey");
  await page.getByText("My laptop").waitFor();
  await screenshot(page, "page-passkey");
  await assertAccessible(page);
  await press(page, "Log out");

  await press(page, "Log in with a passkey");
  await told(page, `Welcome back, ${account.email}.`);
  await press(page, "Remove the passkey My laptop");
  await told(page, "The passkey is removed.");
  assert.equal(await page.getByRole("list", { name: "Passkeys" }).getByRole("listitem").count(), 0);
  await press(page, "Log out");
  await press(page, "Log in with a passkey");
  await page.getByRole("status").filter({ hasText: /./ }).waitFor();
  await signedOut(page);
  assert.deepEqual(seen.problems.filter((problem) => !problem.startsWith("Failed to load resource")), []);
});

test("the field of the address offers the passkey", async () => {
  const { page, account } = await withPasskey();
  await press(page, "Log out");
  await signedOut(page);
  // The page asks as it opens; the virtual authenticator answers by itself.
  await page.reload();
  await told(page, `Welcome back, ${account.email}.`);
  await signedIn(page);
});

test("a synced passkey logs in from a second device", async () => {
  const synced = { defaultBackupEligibility: true, defaultBackupState: true };
  const { page, authenticator, account } = await withPasskey(synced);
  await press(page, "Log out");
  const { page: phone } = await openPage(browser, "about:blank");
  const second = await addAuthenticator(phone, synced);
  const [credential] = await authenticator.credentials();
  await second.add(credential);
  // The page asks as it opens, and the virtual authenticator answers at once, so there is no time to press a button.
  await phone.goto(pageFor(pages, service));
  await told(phone, `Welcome back, ${account.email}.`);
});
