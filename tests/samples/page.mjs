// Runs a sample for pages in a browser, on the example page: page.mjs EMAIL PASSWORD <sample
// Prints what it told the visitor, and the session that it found.

import { text } from "node:stream/consumers";
import { launchBrowser, openPage } from "../browser/support/browser.js";

const [email, password] = process.argv.slice(2);
const sample = await text(process.stdin);
const browser = await launchBrowser();
try {
  const { page, seen } = await openPage(browser, "http://localhost:3000");
  const told = [];
  await page.exposeFunction("tell", (message) => told.push(message));
  // The protocol evaluates it outside the page's policy, which allows no eval.
  const result = await page.evaluate(`(async (email, password, showMessage) => {
    ${sample}
    return { user, expires_at };
  })(${JSON.stringify(email)}, ${JSON.stringify(password)}, tell)`);
  console.log(JSON.stringify({ title: await page.title(), told, problems: seen.problems, ...result }));
} finally {
  await browser.close();
}
