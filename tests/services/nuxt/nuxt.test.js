// examples/nuxt in a browser: the session is what nuxt-auth-utils finds, on the server and on the page.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { call, newAccount } from "../../browser/support/account.js";
import { addAuthenticator } from "../../browser/support/authenticator.js";
import { launchBrowser, openPage, screenshot } from "../../browser/support/browser.js";
import { mailedCode } from "../../browser/support/inbox.js";
import { servePages } from "../../browser/support/pages.js";
import { appCode, scan } from "../../browser/support/totp.js";
import { startGitHub } from "../providers/github.js";

const service = process.env.SERVICE_URL;
const apps = [];
let browser;

/** Starts the built app of the folder that the tests run in, and returns its origin. */
async function start(settings, wanted) {
  const free = await servePages(wanted);
  await free.close();
  const { port } = new URL(free.origin);
  const app = spawn(process.execPath, [".output/server/index.mjs"], {
    env: { ...process.env, PORT: port, HOST: "127.0.0.1", NUXT_SESSION_PASSWORD: "x".repeat(32), ...settings },
    stdio: "inherit",
  });
  apps.push(app);
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const isUp = await fetch(free.origin).then((answer) => answer.ok, () => false);
    if (isUp) return free.origin;
    await sleep(100);
  }
  throw new Error("the app did not start");
}

before(async () => {
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  apps.forEach((app) => app.kill());
});

const ways = { "through routeRules": {}, "on the service's own origin": { NUXT_PUBLIC_AUTH_URL: service } };
for (const [way, settings] of Object.entries(ways)) {
  test(`a visitor signs up, stays signed in and logs out, ${way}`, async () => {
    const app = await start(settings);
    const { context, page, seen } = await openPage(browser, app);
    await page.waitForLoadState("networkidle");
    await page.getByText("Not logged in.").waitFor();
    const account = newAccount();
    const fill = async ({ email, password }) => {
      await page.getByLabel("E-mail").fill(email);
      await page.getByLabel("Password").fill(password);
    };

    await fill(account);
    await page.getByRole("button", { name: "Sign up" }).click();
    const shown = page.getByText(`Logged in as ${account.email}`);
    await shown.waitFor();
    const called = seen.requests.find((url) => url.endsWith("/api/auth/sign-up"));
    assert.equal(new URL(called).origin, settings.NUXT_PUBLIC_AUTH_URL ?? app);
    assert.ok((await context.cookies()).every(({ httpOnly }) => httpOnly));

    // The page that comes from the server shows it before any script runs.
    await page.reload();
    await shown.waitFor();
    const cookies = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    const html = async () => (await fetch(app, { headers: { Cookie: cookies } })).text();
    assert.match(await html(), new RegExp(`Logged in as ${account.email}`));
    await screenshot(page, "nuxt-signed-in");
    assert.deepEqual(seen.problems, []);

    await page.waitForLoadState("networkidle");
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByText("Not logged in.").waitFor();
    assert.doesNotMatch(await html(), /Logged in as/);
    assert.equal((await call(service, "GET", "/api/auth/session", { cookie: cookies })).status, 401);

    await fill({ ...account, password: "not the password" });
    await page.getByRole("button", { name: "Log in", exact: true }).click();
    await page.getByRole("alert").filter({ hasText: /./ }).waitFor();
    await fill(account);
    await page.getByRole("button", { name: "Log in", exact: true }).click();
    await shown.waitFor();
    await page.reload();
    await shown.waitFor();
    await context.close();
  });
}

test("useWebAuthn() registers a passkey, logs in with it and is still logged in after a reload", async () => {
  const app = await start({});
  const { context, page, seen } = await openPage(browser, app);
  await addAuthenticator(page);
  await page.waitForLoadState("networkidle");
  const account = newAccount();
  await page.getByLabel("E-mail").fill(account.email);
  await page.getByLabel("Password").fill(account.password);
  await page.getByRole("button", { name: "Sign up" }).click();
  const shown = page.getByText(`Logged in as ${account.email}`);
  await shown.waitFor();
  const added = page.waitForResponse((answer) => answer.request().postDataJSON()?.verify === true);
  await page.getByRole("button", { name: "Add a passkey" }).click();
  assert.equal((await added).status(), 200, await (await added).text());
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByText("Not logged in.").waitFor();

  await page.getByRole("button", { name: "Log in with a passkey" }).click();
  await shown.waitFor();
  await page.reload();
  await shown.waitFor();
  await screenshot(page, "nuxt-passkey");
  assert.deepEqual(seen.problems, []);
  await context.close();
});

test("an app is set up by its picture, asked for at the log-in, proves again and is removed", async () => {
  const app = await start({});
  const { context, page, seen } = await openPage(browser, app);
  await page.waitForLoadState("networkidle");
  const account = newAccount();
  const press = (name) => page.getByRole("button", { name, exact: true }).click();
  const fillIn = async (name) => {
    await page.getByLabel("E-mail").fill(account.email);
    await page.getByLabel("Password").fill(account.password);
    await press(name);
  };
  await fillIn("Sign up");
  await press("Set up an authenticator app");
  const secret = new URL(await scan(page, "QR code for your app")).searchParams.get("secret");
  await page.getByLabel("Code of the app").fill(appCode(secret));
  await press("Confirm");
  const codes = page.getByRole("region", { name: "Recovery codes" }).getByRole("listitem");
  await codes.first().waitFor();
  const [first, second] = await codes.allInnerTexts();
  await screenshot(page, "nuxt-recovery-codes");
  await press("I have kept them");
  await press("Log out");

  await fillIn("Log in");
  const factor = page.getByLabel("Code of your app, or a recovery code");
  await factor.fill(appCode(secret, 1));
  await press("Go on");
  const shown = page.getByText(`Logged in as ${account.email}`);
  await shown.waitFor();
  await press("Log out");
  await fillIn("Log in");
  await factor.fill(first);
  await press("Go on");
  await shown.waitFor();

  // As the service answers an hour after the log-in.
  const data = { name: "reauthentication_required", issues: [], methods: ["totp", "recovery_code"] };
  const refusal = { statusCode: 403, message: "Prove first that it is you", code: data.name, data };
  await page.route("**/api/auth/totp", (route) => route.fulfill({ status: 403, json: refusal }), { times: 1 });
  await press("Remove the app");
  await factor.fill(second);
  await screenshot(page, "nuxt-step-up");
  await press("Prove");
  await page.getByRole("button", { name: "Set up an authenticator app", exact: true }).waitFor();
  await press("Log out");
  await fillIn("Log in");
  await shown.waitFor();
  // The console shows half a log-in and a proof that is due, because their answers are 401 and 403.
  assert.ok(seen.problems.every((problem) => /40[13]/.test(problem)), seen.problems.join("\n"));
  await context.close();
});

test("GitHub makes an account, what removes it asks for a fresh proof, and a mailed code logs in to it", async () => {
  const person = { id: 583231, login: "octocat", name: "The Octocat", email: newAccount().email };
  const gitHub = await startGitHub(Number(process.env.GITHUB_PORT), person);
  const app = await start({}, Number(process.env.APP_PORT));
  const { context, page } = await openPage(browser, app);
  await page.waitForLoadState("networkidle");
  await page.getByRole("link", { name: "Log in with GitHub" }).click();
  const shown = page.getByText(`Logged in as ${person.email}`);
  await shown.waitFor();
  await page.waitForLoadState("networkidle");
  await screenshot(page, "nuxt-identity");
  await page.getByRole("button", { name: "Remove github" }).click();
  await page.getByRole("form", { name: "Fresh proof" }).waitFor();
  await page.getByRole("button", { name: "Log out" }).click();

  await page.getByLabel("E-mail").fill(person.email);
  await page.getByRole("button", { name: "Mail me a code" }).click();
  await page.getByLabel("Mailed code").fill(await mailedCode(person.email, "log in"));
  await page.getByRole("button", { name: "Log in", exact: true }).click();
  await shown.waitFor();
  await context.close();
  gitHub.closeAllConnections();
  gitHub.close();
});
