// The development inbox, as a developer uses it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call, newAccount, signUp } from "./support/account.js";
import { assertAccessible, looks } from "./support/axe.js";
import { launchBrowser, openPage, screenshot } from "./support/browser.js";
import { mailedCode } from "./support/inbox.js";

const service = process.env.SERVICE_URL;
const inbox = process.env.SERVICE_URL_INBOX;
let browser;

before(async () => {
  browser = await launchBrowser();
});
after(() => browser?.close());

/** Mails a code to a new account, and returns its address. */
async function mail() {
  const account = newAccount();
  await signUp(service, account);
  await call(service, "POST", "/auth/otp", { body: { action: "create", email: account.email } });
  await mailedCode(account.email, "reset your password");
  return account.email;
}

const mailTo = (page, address) => page.getByRole("article").filter({ hasText: `To ${address}` });

test("a new mail appears by itself, and moves nothing that is being read", async () => {
  for (let count = 0; count < 4; count += 1) await mail();
  const { page, seen } = await openPage(browser, inbox, { viewport: { width: 800, height: 500 } });
  const reading = page.getByRole("article").nth(3);
  await reading.getByText("As HTML").click();
  await reading.scrollIntoViewIfNeeded();
  const { id, top } = await reading.evaluate((one) => ({ id: one.id, top: one.getBoundingClientRect().top }));

  const address = await mail();
  await mailTo(page, address).waitFor();
  await page.getByRole("status").filter({ hasText: "One new mail." }).waitFor();
  const now = await page.evaluate((id) => document.getElementById(id).getBoundingClientRect().top, id);
  assert.ok(Math.abs(now - top) < 2, `moved from ${top} to ${now}`);
  assert.equal(await page.locator(`#${id} details`).getAttribute("open"), "", "what was opened stays open");
  assert.deepEqual(seen.problems, []);
});

test("a mail says when it was sent", async () => {
  const address = await mail();
  const { page } = await openPage(browser, inbox);
  const time = mailTo(page, address).locator("time");
  const age = Date.now() - new Date(await time.getAttribute("datetime"));
  assert.ok(age >= 0 && age < 60_000, `${age} ms`);
  assert.match(await time.innerText(), new RegExp(`\\b${new Date().getFullYear()}\\b`));
});

for (const { name, options } of looks) {
  test(`the inbox is accessible and fits its window: ${name}`, async () => {
    await mail();
    const { page } = await openPage(browser, inbox, options);
    await page.getByText("As HTML").first().click();
    await screenshot(page, `inbox-${name}`);
    await assertAccessible(page);
  });
}
