// The authenticator app and its recovery codes on the example page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newAccount } from "./support/account.js";
import { assertAccessible, looks } from "./support/axe.js";
import { launchBrowser, openPage, screenshot } from "./support/browser.js";
import { fillIn, pageFor, press, signedIn, signedOut, submit, told } from "./support/example-page.js";
import { servePages } from "./support/pages.js";
import { appCode, scan } from "./support/totp.js";

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

async function visit(options) {
  const { page, seen } = await openPage(browser, pageFor(pages, service), options);
  await signedOut(page);
  return { page, seen };
}

/** Signs up and turns the app on; returns the secret and the recovery codes. */
async function enrol(page, account) {
  await submit(page, "Create an account", account);
  await signedIn(page);
  await press(page, "Set up an authenticator app");
  const uri = new URL(await scan(page, "QR code for your authenticator app"));
  const secret = uri.searchParams.get("secret");
  await fillIn(page, "Confirm the authenticator app", { Code: appCode(secret) });
  await told(page, "Your authenticator app is on");
  const codes = await page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem").allInnerTexts();
  return { uri, secret, codes };
}

test("an app is set up by its picture, and from then on the password alone is half a log-in", async () => {
  const { page, seen } = await visit();
  const account = newAccount();
  const { uri, secret, codes } = await enrol(page, account);
  assert.equal(uri.protocol, "otpauth:");
  assert.match(decodeURIComponent(uri.pathname), new RegExp(account.email));
  assert.equal(codes.length, 10);
  await screenshot(page, "page-recovery-codes");
  await press(page, "I have kept them");
  await press(page, "Log out");

  await submit(page, "Log in", account);
  await page.getByRole("heading", { name: "One more step" }).waitFor();
  await screenshot(page, "page-second-step");
  await fillIn(page, "Second factor", { Code: "000000" });
  await told(page, "This code is wrong or too old.");
  await fillIn(page, "Second factor", { Code: appCode(secret, 1) });
  await told(page, `Welcome back, ${account.email}.`);
  await signedIn(page);
  await press(page, "Log out");

  await submit(page, "Log in", account);
  await fillIn(page, "Second factor", { Code: codes[0] });
  await told(page, "Welcome back");
  await page.getByText("9 recovery codes are left.").waitFor();
  assert.deepEqual(seen.problems.filter((problem) => !problem.startsWith("Failed to load resource")), []);
});

/** Answers the next request as the service does ten minutes after the last proof. */
async function growOld(page, path, methods) {
  const error = {
    statusCode: 403,
    statusMessage: "Forbidden",
    message: "Prove first that it is you",
    code: "reauthentication_required",
    data: { name: "reauthentication_required", issues: [], methods },
  };
  const headers = { "Access-Control-Allow-Origin": pages.origin, "Access-Control-Allow-Credentials": "true" };
  const answer = (route) =>
    route.request().method() === "OPTIONS" ? route.fallback() : route.fulfill({ status: 403, json: error, headers });
  await page.route(service + path, answer, { times: 1 });
}

test("what changes the factors asks for the second factor, in a dialog that can be left", async () => {
  const { page } = await visit();
  const account = newAccount();
  const { secret, codes } = await enrol(page, account);
  await press(page, "I have kept them");
  const dialog = page.getByRole("dialog", { name: "Is it you?" });

  await growOld(page, "/api/auth/totp", ["totp", "recovery_code"]);
  await press(page, "Remove the authenticator app");
  await dialog.waitFor();
  await screenshot(page, "page-step-up", {});
  await assertAccessible(page);
  await page.keyboard.press("Escape");
  await told(page, "Nothing was changed.");

  await growOld(page, "/api/auth/recovery-codes", ["totp", "recovery_code"]);
  await press(page, "Make new recovery codes");
  await fillIn(page, "Prove that it is you", { "Code of your app, or a recovery code": "AAAA-BBBB-CCCC" });
  await dialog.getByText("This code is wrong or too old.").waitFor();
  await fillIn(page, "Prove that it is you", { "Code of your app, or a recovery code": appCode(secret, 1) });
  await told(page, "The old recovery codes do not work any more.");
  const renewed = await page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem").allInnerTexts();
  assert.equal(new Set([...codes, ...renewed]).size, 20);

  await press(page, "I have kept them");
  await press(page, "Remove the authenticator app");
  await told(page, "The authenticator app is removed.");
  await press(page, "Log out");
  await submit(page, "Log in", account);
  await signedIn(page);
});

for (const { name, options } of [looks[1], looks[2]]) {
  test(`the second factor is accessible and fits the window: ${name}`, async () => {
    const { page } = await visit(options);
    const account = newAccount();
    await submit(page, "Create an account", account);
    await signedIn(page);
    await press(page, "Set up an authenticator app");
    const secret = new URL(await scan(page, "QR code for your authenticator app")).searchParams.get("secret");
    await screenshot(page, `page-app-${name}`);
    await assertAccessible(page);
    await fillIn(page, "Confirm the authenticator app", { Code: appCode(secret) });
    await told(page, "Your authenticator app is on");
    await assertAccessible(page);
    await press(page, "I have kept them");
    await press(page, "Log out");
    await submit(page, "Log in", account);
    await page.getByRole("heading", { name: "One more step" }).waitFor();
    await screenshot(page, `page-second-step-${name}`);
    await assertAccessible(page);
  });
}

test("the keyboard alone gets through the set-up and the second step", async () => {
  const { page } = await visit();
  const account = newAccount();
  const type = async (text) => {
    await page.keyboard.type(text);
    await page.keyboard.press("Enter");
  };
  await page.locator("#sign-up-email").focus();
  await page.keyboard.type(account.email);
  await page.keyboard.press("Tab");
  await type(account.password);
  await signedIn(page);
  await page.getByRole("button", { name: "Set up an authenticator app" }).focus();
  await page.keyboard.press("Enter");
  const secret = new URL(await scan(page, "QR code for your authenticator app")).searchParams.get("secret");
  // The focus is in the field of the code.
  await type(appCode(secret));
  await told(page, "Your authenticator app is on");
  await page.keyboard.press("Enter");
  await page.getByRole("list", { name: "Recovery codes" }).waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Log out" }).focus();
  await page.keyboard.press("Enter");
  await signedOut(page);
  await page.locator("#log-in-email").focus();
  await page.keyboard.type(account.email);
  await page.keyboard.press("Tab");
  await type(account.password);
  await page.getByRole("heading", { name: "One more step" }).waitFor();
  await type(appCode(secret, 1));
  await signedIn(page);
});
