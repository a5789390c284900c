// The example page and the own pages with accounts at other providers.

import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { newAccount } from "../../browser/support/account.js";
import { assertAccessible } from "../../browser/support/axe.js";
import { launchBrowser, openPage, screenshot } from "../../browser/support/browser.js";
import { pageFor, press, signedIn, signedOut, submit, told } from "../../browser/support/example-page.js";
import { mailedCode } from "../../browser/support/inbox.js";
import { fillIn, heading, ready } from "../../browser/support/own-pages.js";
import { servePages } from "../../browser/support/pages.js";
import { algorithms, logInAtCompany, startCompany } from "./company.js";
import { startGitHub } from "./github.js";

const { SERVICE_URL: service, GITHUB_PORT, OIDC_PORT, PAGE_PORT } = process.env;
const octocat = { id: 583231, login: "octocat", name: "The Octocat", email: `${randomUUID()}@example.com` };
const servers = [];
let browser;
let pages;

before(async () => {
  browser = await launchBrowser();
  pages = await servePages(Number(PAGE_PORT));
  servers.push(await startGitHub(Number(GITHUB_PORT), octocat));
  servers.push(await startCompany(Number(OIDC_PORT), service));
});
after(async () => {
  await browser?.close();
  await pages?.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function visit() {
  const { page } = await openPage(browser, pageFor(pages, service));
  await signedOut(page);
  return page;
}

test("GitHub makes an account with a confirmed address, and logs in to it again", async () => {
  const page = await visit();
  await screenshot(page, "page-providers");
  await assertAccessible(page);
  await page.getByRole("link", { name: "Log in with GitHub" }).click();
  await signedIn(page);
  await page.getByRole("definition").filter({ hasText: `${octocat.email} (confirmed)` }).waitFor();
  await page.getByRole("list", { name: "Accounts elsewhere" }).getByText("GitHub").waitFor();
  await screenshot(page, "page-identities");
  await assertAccessible(page);
  await press(page, "Log out");
  await page.getByRole("link", { name: "Log in with GitHub" }).click();
  await signedIn(page);
  // Nothing else opens this account, and a provider's word is no fresh proof: a mailed code is asked for.
  await press(page, "Remove GitHub");
  const dialog = page.getByRole("dialog", { name: "Is it you?" });
  await dialog.getByRole("button", { name: "Mail me a code" }).click();
  await dialog.getByLabel("Code from the mail").fill(await mailedCode(octocat.email, "go on"));
  await dialog.locator("#prove-submit").click();
  await told(page, "This is your last way to log in.");
});

for (const algorithm of algorithms) {
  test(`a company that signs with ${algorithm} makes an account, and logs in to it again`, async () => {
    const page = await visit();
    const name = randomUUID();
    await page.getByRole("link", { name: `Log in with Company ${algorithm}` }).click();
    await logInAtCompany(page, name);
    await signedIn(page);
    await page.getByRole("definition").filter({ hasText: `${name}@example.com (confirmed)` }).waitFor();
    await press(page, "Log out");
    await page.getByRole("link", { name: `Log in with Company ${algorithm}` }).click();
    await signedIn(page);
  });
}

test("a company's account is linked, logs in, and is removed", async () => {
  const page = await visit();
  const account = newAccount();
  await submit(page, "Create an account", account);
  await signedIn(page);
  await press(page, "Link Company ES256");
  await logInAtCompany(page, account.email.split("@")[0]);
  await signedIn(page);
  await page.getByRole("list", { name: "Accounts elsewhere" }).getByText("Company ES256").waitFor();
  await press(page, "Log out");
  await page.getByRole("link", { name: "Log in with Company ES256" }).click();
  await signedIn(page);
  await press(page, "Remove Company ES256");
  const dialog = page.getByRole("dialog", { name: "Is it you?" });
  await dialog.locator("#prove-password input[name=current_password]").fill(account.password);
  await dialog.locator("#prove-submit").click();
  await told(page, "The account elsewhere is removed.");
});

test("the own pages log in with GitHub, link a company's account and remove both", async () => {
  // Another person comes to GitHub, to whom no code was mailed yet.
  Object.assign(octocat, { id: 9919, login: "hubot", email: `${randomUUID()}@example.com` });
  const { page } = await openPage(browser, `${service}/account/login?return_to=%2Faccount%2Fsecurity`);
  await ready(page);
  await screenshot(page, "own-providers");
  await assertAccessible(page);
  await page.getByRole("link", { name: "Log in with GitHub" }).click();
  await heading(page, "Security");
  await page.getByText("Your account has no password yet.").waitFor();

  await press(page, "Link Company ES256");
  // A provider's word is no fresh proof.
  const dialog = page.getByRole("dialog", { name: "Is it you?" });
  await dialog.getByRole("button", { name: "Mail me a code" }).click();
  await dialog.getByLabel("Code from the mail").fill(await mailedCode(octocat.email, "go on"));
  await dialog.getByRole("button", { name: "Go on" }).click();
  await logInAtCompany(page, randomUUID());
  await page.getByRole("list", { name: "Accounts elsewhere" }).getByText("Company ES256").waitFor();
  await screenshot(page, "own-identities");
  await assertAccessible(page);
  await press(page, "Remove Company ES256");
  await told(page, "The account elsewhere is removed.");

  await press(page, "Remove GitHub");
  await told(page, "This is your last way to log in.");
  await fillIn(page, "Password", { "New password": "correct horse battery" });
  await told(page, "Your password is changed");
  await page.getByLabel("Current password", { exact: true }).first().waitFor();
  await press(page, "Remove GitHub");
  await told(page, "The account elsewhere is removed.");
});
