// The operators' pages of events and webhooks.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call, newAccount, signUp } from "./support/account.js";
import { lookAt, newAdmin, ready, visitAsAdmin } from "./support/admin.js";
import { assertAccessible } from "./support/axe.js";
import { launchBrowser, screenshot } from "./support/browser.js";
import { assertQuiet, fillIn, items, press, told } from "./support/own-pages.js";

const service = process.env.SERVICE_URL;
const paths = { events: "/admin/events", webhooks: "/admin/webhooks" };
let browser;
let admin;

before(async () => {
  browser = await launchBrowser();
  admin = await newAdmin();
});
after(() => browser?.close());

const open = (path, options) => visitAsAdmin(browser, admin, path, options);

test("events are filtered by type, account and time, and read on page by page", async () => {
  const account = newAccount();
  const cookie = await signUp(service, account);
  for (let count = 0; count < 2; count += 1) await call(service, "POST", "/api/auth/login", { body: account });
  const { user } = await (await call(service, "GET", "/api/auth/session", { cookie })).json();
  const { page, seen } = await open("/admin/events");
  await fillIn(page, "Filter", { "Account number": user.id });
  const events = items(page, "Events");
  // Until the filtered list has come, that of all events is shown.
  await events.filter({ hasNotText: user.id }).first().waitFor({ state: "detached" });
  await events.filter({ hasText: "Account created" }).getByText("by the owner").waitFor();
  assert.equal(await events.filter({ hasText: "Log-in" }).count(), 2);
  await events.first().getByRole("link", { name: user.id }).waitFor();
  await press(page, "Show more");
  await told(page, "Nothing more by now.");

  await page.getByLabel("Type").selectOption({ label: "Account created" });
  await press(page, "Show");
  await events.filter({ hasText: "Log-in" }).first().waitFor({ state: "detached" });
  assert.equal(await events.count(), 1);
  await fillIn(page, "Filter", { Since: "2099-01-01T00:00" });
  await page.getByText("There is nothing here.").waitFor();
  await fillIn(page, "Filter", { "Account number": "nonsense" });
  await told(page, "Please look at the marked fields.");
  assert.match(await page.locator("#filter-user-issue").innerText(), /^This does not have the right form/);
  assertQuiet(seen);
});

test("a webhook is created, changed, inspected, given a new secret, switched off and removed", async () => {
  const { page, seen } = await open("/admin/webhooks");
  await fillIn(page, "New webhook", { "Address, with https": "http://hooks.example.com/" });
  await told(page, "Please look at the marked fields.");
  assert.match(await page.locator("#edit-url-issue").innerText(), /^This does not have the right form/);
  const url = `https://hooks.example.com/${admin.email}`;
  await page.getByLabel("Account created", { exact: true }).check();
  await fillIn(page, "New webhook", { "Address, with https": url });
  await told(page, "The webhook is created.");
  const secret = await page.locator("#secret").innerText();
  assert.match(secret, /^whsec_/);
  await screenshot(page, "own-admin-secret");
  await assertAccessible(page);
  await press(page, "I have kept it");
  assert.equal(await page.locator("#secret").innerText(), "");

  const own = items(page, "Webhooks").filter({ hasText: url });
  await own.getByText("Account created").waitFor();
  await press(page, `Change: ${url}`);
  await page.getByLabel("Account deleted", { exact: true }).check();
  await fillIn(page, "Change the webhook", {});
  await told(page, "The webhook is changed.");
  await own.getByText("Account created, Account deleted").waitFor();

  await press(page, `New secret: ${url}`);
  await page.getByRole("dialog", { name: "Are you sure?" }).getByRole("button", { name: "Go on" }).click();
  await page.getByRole("heading", { name: "Keep this secret" }).waitFor();
  assert.notEqual(await page.locator("#secret").innerText(), secret);
  await press(page, "I have kept it");

  // The worker hands events over within a second or two; the list is as it is when it is asked for.
  await signUp(service, newAccount());
  const deliveries = items(page, "Deliveries");
  while ((await deliveries.count()) === 0) {
    await press(page, `Deliveries: ${url}`);
    await page.locator("#deliveries-part").waitFor();
    await page.locator("body:not([aria-busy])").waitFor();
  }
  await deliveries.first().getByRole("button", { name: "Send again: Account created" }).click();
  await told(page, "It is sent again in a moment.");
  await screenshot(page, "own-admin-deliveries");
  await assertAccessible(page);

  await press(page, `Disable: ${url}`);
  await own.getByText("disabled", { exact: true }).waitFor();
  await press(page, `Enable: ${url}`);
  await own.getByText("enabled", { exact: true }).waitFor();
  await press(page, `Remove: ${url}`);
  await page.getByRole("dialog", { name: "Are you sure?" }).getByText(url).waitFor();
  await page.getByRole("dialog", { name: "Are you sure?" }).getByRole("button", { name: "Go on" }).click();
  await told(page, "The webhook is removed.");
  assert.equal(await own.count(), 0);
  assertQuiet(seen);
});

test("events and webhooks are accessible, by day and by night, on a phone and on a desk", async () => {
  const { page, seen } = await open("/admin/events");
  for (const [part, path] of Object.entries(paths)) {
    await page.goto(service + path);
    await ready(page);
    await lookAt(page, `own-admin-${part}`);
  }
  assertQuiet(seen);
});

test("events and webhooks are in German on the narrowest screen", async () => {
  const { page } = await open("/admin/events", { locale: "de-DE", viewport: { width: 320, height: 640 } });
  for (const [part, path] of Object.entries(paths)) {
    await page.goto(service + path);
    await ready(page);
    await screenshot(page, `own-admin-${part}-german`);
    await assertAccessible(page);
  }
});
