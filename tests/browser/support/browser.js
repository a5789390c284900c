import { chromium } from "playwright-core";
import { join } from "node:path";

/**
 * A headless browser that can reach this machine only, so that a page which asks for anything else fails its test.
 * CHROMIUM is empty when the tests have to use the one that Playwright installed.
 */
export function launchBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || undefined,
    args: ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"],
  });
}

/** Opens an address in a browser without cookies or storage. */
export async function openPage(browser, url, options) {
  const context = await browser.newContext(options);
  // Generous, because other suites may keep every core busy; nothing waits longer than it has to.
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const seen = observe(page);
  await page.goto(url);
  return { context, page, seen };
}

/** Collects the errors that developer tools would show, and every address that the page requests. */
function observe(page) {
  const seen = { problems: [], requests: [] };
  page.on("pageerror", (error) => seen.problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") seen.problems.push(message.text());
  });
  page.on("request", (request) => seen.requests.push(request.url()));
  return seen;
}

export function screenshot(page, name, options = { fullPage: true }) {
  // The document on a phone is a very high page, which takes a busy machine long to draw.
  return page.screenshot({ timeout: 60_000, path: join(process.env.ARTEFACTS, `${name}.png`), ...options });
}
