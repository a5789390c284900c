// The operators' pages while some requests fail: nothing is lost, mixed up or called undone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { call, newAccount, signUp } from "./support/account.js";
import { newAdmin, ready, visitAsAdmin } from "./support/admin.js";
import { assertAccessible } from "./support/axe.js";
import { launchBrowser, screenshot } from "./support/browser.js";
import {
  assertQuiet, failing, fillIn, heading, isError, items, press, told, unseen,
} from "./support/own-pages.js";

const service = process.env.SERVICE_URL;
const busy = "The service is busy. Please try again in a moment.";
const query = "E-mail, user name or account number, or how it begins";
let browser;
let admin;

before(async () => {
  browser = await launchBrowser();
  admin = await newAdmin();
});
after(() => browser?.close());

const open = (path, options) => visitAsAdmin(browser, admin, path, options);
const navigation = (page) => page.getByRole("navigation", { name: "Administration" });
const idle = (page) => page.locator("body:not([aria-busy])").waitFor();

async function goOn(page) {
  await page.getByRole("dialog", { name: "Are you sure?" }).getByRole("button", { name: "Go on" }).click();
}

/** The page of an account that another client has signed up. */
async function openAccount() {
  const account = newAccount();
  const cookie = await signUp(service, account);
  const { user } = await (await call(service, "GET", "/api/auth/session", { cookie })).json();
  const opened = await open(`/admin/users/${user.id}`);
  await heading(opened.page, account.email);
  return { ...opened, email: account.email, path: `/api/admin/users/${user.id}` };
}

async function createWebhook(page, name) {
  const url = `https://${name}.example.com/${admin.email}`;
  await fillIn(page, "New webhook", { "Address, with https": url });
  await told(page, "The webhook is created.");
  await press(page, "I have kept it");
  return url;
}

async function removeWebhook(page, url) {
  await press(page, `Remove: ${url}`);
  await goOn(page);
  await told(page, "The webhook is removed.");
}

test("a new webhook's secret is shown although the list can't be read again", async () => {
  const { page, seen } = await open("/admin/webhooks");
  const url = `https://secret.example.com/${admin.email}`;
  const recover = await failing(page, "GET", "/api/admin/webhooks");
  await fillIn(page, "New webhook", { "Address, with https": url });
  await told(page, `The webhook is created. ${unseen}`);
  assert.match(await page.locator("#secret").innerText(), /^whsec_/);
  assert.equal(await page.locator("#edit-url").inputValue(), "", "a second press makes no second webhook");
  await screenshot(page, "own-admin-secret-unseen");
  await assertAccessible(page);

  await recover();
  await page.reload();
  await ready(page);
  const own = items(page, "Webhooks").filter({ hasText: url });
  assert.equal(await own.count(), 1);
  await failing(page, "GET", "/api/admin/webhooks");
  await press(page, `Disable: ${url}`);
  await told(page, `The webhook is changed. ${unseen}`);
  await press(page, `New secret: ${url}`);
  await goOn(page);
  await heading(page, "Keep this secret");
  await press(page, `Remove: ${url}`);
  await goOn(page);
  await told(page, `The webhook is removed. ${unseen}`);
  assert.equal(await isError(page), false);
  assert.equal(await page.locator("#secret").textContent(), "", "the secret of a webhook that is gone opens nothing");
  assertQuiet(seen);
});

test("an event is sent again to the webhook whose deliveries are shown", async () => {
  const { page, seen } = await open("/admin/webhooks");
  const [shown, other] = [await createWebhook(page, "shown"), await createWebhook(page, "other")];
  const idOf = async (url) => {
    const webhooks = await page.evaluate(async () => (await fetch("/api/admin/webhooks")).json());
    return webhooks.find((webhook) => webhook.url === url).id;
  };
  await signUp(service, newAccount());
  const deliveries = items(page, "Deliveries");
  while ((await deliveries.count()) === 0) {
    await press(page, `Deliveries: ${shown}`);
    await page.locator("#deliveries-part").waitFor();
    await idle(page);
  }
  await failing(page, "GET", `/api/admin/webhooks/${await idOf(other)}/deliveries`);
  await press(page, `Deliveries: ${other}`);
  await told(page, busy);
  assert.equal(await page.locator("#deliveries-of").innerText(), shown);

  const asked = page.waitForRequest((request) => request.url().endsWith("/retry"));
  await deliveries.first().getByRole("button", { name: /^Send again: / }).click();
  assert.ok((await asked).url().includes(await idOf(shown)), (await asked).url());
  await told(page, "It is sent again in a moment.");
  const recover = await failing(page, "GET", `/api/admin/webhooks/${await idOf(shown)}/deliveries`);
  await deliveries.first().getByRole("button", { name: /^Send again: / }).click();
  await told(page, `It is sent again in a moment. ${unseen}`);
  await recover();
  for (const url of [shown, other]) await removeWebhook(page, url);
  assertQuiet(seen);
});

test("a list goes on with the search or filter that it shows", async () => {
  const { page, seen } = await open("/admin/users");
  const lists = [
    { path: "/admin/users", form: "Search", field: query, value: "nothing of this kind", sent: "query" },
    { path: "/admin/events", form: "Filter", field: "Since", value: "2099-01-01T00:00", sent: "since" },
  ];
  for (const { path, form, field, value, sent } of lists) {
    const isRead = ({ pathname }) => pathname === `/api${path}`;
    await page.route(isRead, (route) => {
      const url = new URL(route.request().url());
      url.searchParams.set("limit", "1");
      return route.continue({ url: url.href });
    });
    await page.goto(service + path);
    await ready(page);
    const recover = await failing(page, "GET", `/api${path}`);
    await fillIn(page, form, { [field]: value });
    await told(page, busy);
    await recover();
    const asked = page.waitForRequest((request) => isRead(new URL(request.url())));
    await press(page, "Show more");
    const parameters = new URL((await asked).url()).searchParams;
    assert.ok(!parameters.get(sent)?.startsWith(value.slice(0, 4)), `${parameters}`);
    await idle(page);
  }
  assertQuiet(seen);
});

test("what an operator did to an account is done, also if only the look afterwards fails", async () => {
  const { page, seen, email, path } = await openAccount();
  const recover = await failing(page, "GET", path);
  await press(page, "Confirm the address");
  await told(page, `The address of ${email} is confirmed. ${unseen}`);
  await page.getByRole("button", { name: /^End the session of / }).first().click();
  await told(page, `The session has ended. ${unseen}`);
  assert.equal(await isError(page), false);
  await recover();
  await failing(page, "GET", `${path}/sessions`);
  await press(page, "End all sessions");
  await goOn(page);
  await told(page, `Sessions ended: 0. ${unseen}`);
  await press(page, "Disable");
  await goOn(page);
  await told(page, `${email} is disabled, and its sessions have ended. ${unseen}`);
  await screenshot(page, "own-admin-user-unseen");
  assertQuiet(seen);
});

test("a recovery link leaves the page when disabling the account makes it void", async () => {
  const { page, seen, email } = await openAccount();
  await press(page, "Make a link for a new password");
  await goOn(page);
  await heading(page, "Hand this link over");
  await press(page, "Disable");
  await goOn(page);
  await told(page, `${email} is disabled`);
  assert.equal(await page.locator("#made-link").isVisible(), false);
  assert.equal(await page.locator("#link").textContent(), "");

  await press(page, "Make a link for a new password");
  await goOn(page);
  await heading(page, "Hand this link over");
  await press(page, "Enable");
  await told(page, `${email} can log in again.`);
  assert.equal(await page.locator("#link").textContent(), "");
  assertQuiet(seen);
});

test("a log in which nothing fits so far says that there is more to look through", async () => {
  const { page, seen } = await open("/admin/events");
  let isEnd = false;
  await page.route(({ pathname }) => pathname === "/api/admin/events", (route) =>
    route.fulfill({ json: { events: [], ...(isEnd ? {} : { next: "1.1" }) } }),
  );
  const more = "Nothing so far. There is more to look through.";
  await press(page, "Show");
  await told(page, more);
  assert.equal(await page.getByText("There is nothing here.").isVisible(), false);
  await screenshot(page, "own-admin-events-so-far");
  await press(page, "Show more");
  await told(page, more);
  isEnd = true;
  await press(page, "Show more");
  await told(page, "Nothing more by now.");
  assert.equal(await page.getByText("There is nothing here.").isVisible(), true);
  assertQuiet(seen);
});

test("the overview shows the instance without the numbers, and the numbers without the instance", async () => {
  const { page, seen } = await open("/admin/");
  let recover = await failing(page, "GET", "/api/admin/statistics");
  await page.reload();
  await ready(page);
  await page.getByText("works", { exact: true }).waitFor();
  await page.getByRole("region", { name: "Numbers" }).getByText(busy).waitFor();
  assert.equal(await page.getByRole("heading", { name: "The last 30 days" }).isVisible(), false);
  await navigation(page).getByRole("link", { name: "Accounts" }).waitFor();
  await screenshot(page, "own-admin-overview-without-numbers");
  await assertAccessible(page);
  await recover();

  recover = await failing(page, "GET", "/api/admin/instance");
  await page.reload();
  await ready(page);
  await page.getByRole("img", { name: /^Log-ins by day/ }).waitFor();
  await page.getByRole("region", { name: "This instance" }).getByText(busy).waitFor();
  await screenshot(page, "own-admin-overview-without-instance");
  await recover();
  assertQuiet(seen);
});

test("the navigation is there when a list can't be read, and for an address that no account has", async () => {
  const { page, seen } = await open("/admin/");
  const recover = await failing(page, "GET", "/api/admin/webhooks");
  await page.goto(`${service}/admin/webhooks`);
  await told(page, busy);
  await navigation(page).getByRole("link", { name: "Accounts" }).waitFor();
  await recover();
  for (const address of ["%", "%2F..%2Fevents", "nonsense"]) {
    await page.goto(`${service}/admin/users/${address}`);
    await told(page, "This is not here, or not any more.");
    await navigation(page).getByRole("link", { name: "Accounts" }).waitFor();
  }
  assertQuiet(seen);
});
