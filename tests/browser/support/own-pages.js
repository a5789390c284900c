/** What a person sees and does on the service's own pages, by the names that a screen reader reads out. */

import assert from "node:assert/strict";
import { openPage } from "./browser.js";

/** People look at the pages on a phone and on a desk, by day and by night. */
export const views = [390, 1280].flatMap((width) =>
  ["light", "dark"].map((colorScheme) => ({
    name: `${width}-${colorScheme}`,
    options: { viewport: { width, height: 844 }, colorScheme },
  })),
);

const service = process.env.SERVICE_URL;

/** Opens a page of the service, and waits until its script has decided what to show. */
export async function visit(browser, path, options) {
  const opened = await openPage(browser, service + path, options);
  await ready(opened.page);
  return opened;
}

export function ready(page) {
  return page.locator("#visitor:not([hidden]), #signed-in:not([hidden])").first().waitFor();
}

export async function fillIn(page, form, fields) {
  const area = page.getByRole("form", { name: form, exact: true });
  for (const [label, value] of Object.entries(fields)) await area.getByLabel(label, { exact: true }).fill(value);
  await area.getByRole("button").click();
}

/** A page of a new account that is signed in. */
export async function visitAs(browser, account, path, options) {
  const opened = await visit(browser, "/account/sign-up", options);
  await fillIn(opened.page, "Create an account", { "E-mail": account.email, Password: account.password });
  await heading(opened.page, "Your account");
  await opened.page.goto(service + path);
  await ready(opened.page);
  return opened;
}

/** Logs another account in, as in another tab: its session replaces that of the page. */
export function logInElsewhere(page, account) {
  return page.evaluate(async (body) => {
    const headers = { "Content-Type": "application/json" };
    await fetch("/api/auth/login", { method: "POST", headers, body: JSON.stringify(body) });
  }, account);
}

/** Answers the next requests as the service does ten minutes after the last proof. */
export function growOld(page, path, methods, times = 1) {
  const error = { statusCode: 403, code: "reauthentication_required", message: "", data: { methods, issues: [] } };
  return page.route(service + path, (route) => route.fulfill({ status: 403, json: error }), { times });
}

/** Lets requests fail as a busy service does, until the function that it returns is called. */
export async function failing(page, method, path) {
  const error = { statusCode: 503, code: "unavailable", message: "", data: null };
  const isMeant = ({ pathname }) => pathname === path;
  const answer = (route) => {
    if (route.request().method() !== method) return route.fallback();
    return route.fulfill({ status: 503, json: error });
  };
  await page.route(isMeant, answer);
  return () => page.unroute(isMeant, answer);
}

/** Calls `act` before the page's next request to a path reaches the service. */
export function onRequest(page, path, act) {
  const pass = async (route) => {
    await act();
    await route.fallback();
  };
  return page.route(service + path, pass, { times: 1 });
}

/** What a page tells a person whose deed is done, if it can't look at what came of it. */
export const unseen = "Apart from that, this page shows what was before. Reload it later.";

export function press(page, name) {
  return page.getByRole("button", { name, exact: true }).click();
}

/** The items of a list by its name. */
export const items = (page, name) => page.getByRole("list", { name, exact: true }).getByRole("listitem");

/** Whether the notice tells of an error. */
export const isError = (page) =>
  page.locator("#notice").evaluate((notice) => notice.classList.contains("error"));

export function heading(page, name) {
  return page.getByRole("heading", { name, exact: true }).waitFor();
}

/** Waits until the page tells the person this. */
export function told(page, message) {
  return page.getByRole("status").filter({ hasText: message }).waitFor();
}

/** Nothing was blocked, nothing failed, and nothing came from elsewhere. The browser reports each answer from 400 up. */
export function assertQuiet({ problems, requests }, origin = service) {
  assert.deepEqual(problems.filter((problem) => !problem.startsWith("Failed to load resource")), []);
  assert.deepEqual(requests.filter((address) => !address.startsWith(origin) && !address.startsWith("data:")), []);
}
