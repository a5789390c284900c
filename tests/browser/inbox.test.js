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

/** Asks for a mail to a new account, and returns its address. */
async function askForMail(url) {
  const account = newAccount();
  await signUp(url, account);
  await call(url, "POST", "/auth/otp", { body: { action: "create", email: account.email } });
  return account.email;
}

/** Mails a code to a new account, and returns its address. */
async function mail() {
  const address = await askForMail(service);
  await mailedCode(address, "reset your password");
  return address;
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

test("a code is copied by its button, and a link that holds a key is opened by its own", async () => {
  const address = await mail();
  const { page, seen } = await openPage(browser, inbox);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const code = await mailedCode(address, "reset your password");
  await mailTo(page, address).getByRole("button", { name: `Copy ${code}` }).click();
  await page.getByRole("status").filter({ hasText: `${code} is copied.` }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), code);
  const link = mailTo(page, address).getByRole("link", { name: "Open the link" });
  assert.match(await link.getAttribute("href"), /#/);
  assert.deepEqual(seen.problems, []);
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

// At the other service: tests in other files read the mails of this one.
test("the inbox is emptied, and a page in another tab notices", async () => {
  const { STRICT_SERVICE_URL: url, STRICT_SERVICE_URL_INBOX: inbox } = process.env;
  const address = await askForMail(url);
  const [one, other] = [await openPage(browser, inbox), await openPage(browser, inbox)];
  await mailTo(one.page, address).first().waitFor();
  await mailTo(other.page, address).first().waitFor();
  await one.page.getByRole("button", { name: "Empty the inbox" }).click();
  await one.page.getByRole("status").filter({ hasText: "The inbox is empty." }).waitFor();
  await one.page.getByText("No mail yet.").waitFor();
  await other.page.getByText("No mail yet.").waitFor();
  const later = await askForMail(url);
  await mailTo(one.page, later).first().waitFor();
  await mailTo(other.page, later).first().waitFor();
  assert.equal(await mailTo(one.page, address).count(), 0);
  assert.deepEqual([...one.seen.problems, ...other.seen.problems], []);
});
