/** Operators: accounts that may use the pages below /admin/. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { call, newAccount, signUp } from "./account.js";
import { assertAccessible } from "./axe.js";
import { openPage, screenshot } from "./browser.js";
import { views } from "./own-pages.js";
import { appCode } from "./totp.js";

const service = process.env.SERVICE_URL;

/** Runs a command as the person at the machine of the service. */
function run(...words) {
  const { SERVICE_URL_DATABASE: database, NEPTUN_AUTH_SECRET_KEY: key } = process.env;
  const env = { NEPTUN_AUTH_DATABASE_URL: database, NEPTUN_AUTH_SECRET_KEY: key };
  const { status, stderr } = spawnSync(process.env.SERVICE_BINARY, words, { encoding: "utf8", env });
  assert.equal(status, 0, stderr);
}

/** The session's cookie that an answer sets, as `name=value`; later lines replace earlier ones. */
const cookieOf = (answer) => answer.headers.getSetCookie().find((line) => line.includes("session"))?.split(";")[0];

/** An account with the admin right, its recovery codes, and the cookie of a session with both factors. */
export async function newAdmin() {
  const account = newAccount();
  const cookie = await signUp(service, account);
  const { secret } = await (await call(service, "POST", "/api/auth/totp", { cookie })).json();
  const confirmed = await call(service, "POST", "/api/auth/totp/confirm", { cookie, body: { code: appCode(secret) } });
  const { recovery_codes: codes } = await confirmed.json();
  run("users", "verify-email", account.email);
  run("users", "make-admin", account.email);
  const half = await call(service, "POST", "/api/auth/login", { body: account });
  const body = { code: appCode(secret, 1) };
  const whole = await call(service, "POST", "/api/auth/login/second-factor", { cookie: cookieOf(half), body });
  assert.equal(whole.status, 200, await whole.text());
  return { ...account, codes, cookie: cookieOf(whole) };
}

/** Waits until a page shows what operators see. */
export function ready(page) {
  return page.locator("#signed-in:not([hidden])").waitFor();
}

/** Looks at a page in every window and colour, and asserts that it is accessible in each. */
export async function lookAt(page, part) {
  for (const { name, options } of views) {
    await page.setViewportSize(options.viewport);
    await page.emulateMedia({ colorScheme: options.colorScheme });
    await screenshot(page, `${part}-${name}`);
    await assertAccessible(page);
  }
}

/** A page of the operator, with a log-in that counts. */
export async function visitAsAdmin(browser, { cookie }, path, options) {
  const opened = await openPage(browser, `${service}/account/login`, options);
  const [name, value] = cookie.split("=");
  await opened.context.addCookies([{ name, value, url: service }]);
  await opened.page.goto(service + path);
  await ready(opened.page);
  return opened;
}
