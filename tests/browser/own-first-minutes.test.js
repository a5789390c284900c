// A newcomer in an empty folder has the binary and nothing else, and gets to the operators' page by what the terminal
// and the pages say.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { newAccount } from "./support/account.js";
import { assertAccessible } from "./support/axe.js";
import { launchBrowser, openPage, screenshot } from "./support/browser.js";
import { mailedCode } from "./support/inbox.js";
import { assertQuiet, fillIn, heading, press, told } from "./support/own-pages.js";
import { appCode, scan } from "./support/totp.js";

let browser;
let folder;
let service;

before(async () => {
  browser = await launchBrowser();
  folder = await mkdtemp(join(tmpdir(), "first-minutes-"));
});
after(async () => {
  await browser?.close();
  if (service?.exitCode === null) {
    service.kill();
    await once(service, "exit");
  }
  await rm(folder, { recursive: true, force: true });
});

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Starts the service, and reads its terminal up to the line about operators. The port alone is not the default. */
async function start() {
  const port = await freePort();
  const env = { NEPTUN_AUTH_LISTEN: `127.0.0.1:${port}`, NEPTUN_AUTH_PUBLIC_URL: `http://localhost:${port}` };
  service = spawn(process.env.SERVICE_BINARY, ["serve"], { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
  service.stderr.setEncoding("utf8");
  let terminal = "";
  return new Promise((resolve, reject) => {
    service.stderr.on("data", (text) => {
      terminal += text;
      if (/make-admin ADDRESS.*\n/.test(terminal)) resolve(terminal);
    });
    service.once("exit", () => reject(new Error(`the service ended:\n${terminal}`)));
  });
}

const addressIn = (terminal, form) => terminal.match(form)?.[0] ?? assert.fail(`${form} is not in:\n${terminal}`);

test("a newcomer gets to the operators' page by what the terminal and the pages say", async () => {
  const terminal = await start();
  const address = addressIn(terminal, /http:\S+\/admin\//);
  const inbox = addressIn(terminal, /http:\S+\/dev\/inbox\/\S+/);
  const account = newAccount();
  const { page, seen } = await openPage(browser, new URL("/", address).href);
  await fillIn(page, "Create an account", { "E-mail": account.email, Password: account.password });
  await heading(page, "You are logged in");
  await page.getByRole("link", { name: "Administration" }).click();
  await heading(page, "Your account may not see this yet");
  assert.equal(await page.getByText("missing", { exact: true }).count(), 3);
  for (const hidden of ["#admin-nav", "#signed-in"]) assert.equal(await page.locator(hidden).isVisible(), false);
  await screenshot(page, "own-admin-missing");
  await assertAccessible(page);

  const steps = page.locator("#missing");
  await steps.getByRole("link", { name: "Your account" }).click();
  await press(page, "Mail me a code");
  await told(page, "A code is on its way.");
  const code = await mailedCode(account.email, "confirm your address", inbox);
  await fillIn(page, "Confirm your address", { Code: code });
  await told(page, "Your address is confirmed.");
  await page.goto(address);
  await steps.getByRole("link", { name: "Security" }).click();
  await press(page, "Set up an authenticator app");
  const picture = await scan(page, "QR code for your authenticator app");
  const secret = new URL(picture).searchParams.get("secret");
  await fillIn(page, "Confirm the authenticator app", { "Code that the app shows": appCode(secret) });
  await told(page, "Your authenticator app is on");
  await page.goto(address);
  await heading(page, "Your account may not see this yet");
  assert.equal(await page.getByText("missing", { exact: true }).count(), 1);

  const [program, ...words] = (await steps.locator("code").innerText()).split(" ");
  assert.equal(program, "neptun-auth");
  const { status, stderr } = spawnSync(process.env.SERVICE_BINARY, words, { cwd: folder, env: {}, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  // The service hears of a change by another process within a second.
  const isLoggedOut = async () => !(await (await fetch("/api/_auth/session")).json()).user;
  while (!(await page.evaluate(isLoggedOut))) await page.waitForTimeout(100);
  await page.reload();
  await heading(page, "Log in");
  await fillIn(page, "Log in", { "E-mail": account.email, Password: account.password });
  await fillIn(page, "One more step", { Code: appCode(secret, 1) });
  await heading(page, "Administration");
  await page.getByRole("img", { name: /^Sign-ups by day/ }).waitFor();
  assertQuiet(seen, new URL("/", address).href);
});
