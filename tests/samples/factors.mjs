// Runs the samples about factors in a browser, at the example page's origin: factors.mjs EMAIL PASSWORD <samples
// The page's owner has an authenticator app and a device that makes passkeys. Prints what came of each story.

import { text } from "node:stream/consumers";
import { addAuthenticator } from "../browser/support/authenticator.js";
import { launchBrowser, openPage } from "../browser/support/browser.js";
import { appCode } from "../browser/support/totp.js";

const [email, password] = process.argv.slice(2);
const samples = await text(process.stdin);
const browser = await launchBrowser();

/** Each code works once, so the second one is that of the next half minute. */
let used = 0;

async function stories(email, password) {
  const seen = {};
  const codeOf = async (error) => error.code;
  await logIn(email, password, () => assert("no second factor yet"));
  await addPasskey(email, () => assert("the log-in is fresh"));
  seen.passkeys = (await call("GET", "/api/auth/passkeys")).length;
  let secret;
  const show = (app) => ((secret = app.secret), nextCode(secret));
  const codes = await setUpApp(show, () => assert("the log-in is fresh"));
  seen.codes = codes.length;
  await call("POST", "/api/auth/logout");
  const answerWithApp = async (methods) => ((seen.second = methods), { code: await nextCode(secret) });
  const answer = await logIn(email, password, answerWithApp);
  seen.signedIn = answer.user.primary_email;
  await call("POST", "/api/auth/logout");
  seen.verified = (await logInWithPasskey()).verified;
  seen.byCode = await logInByCode(email, () => "00000000").catch(codeOf);
  seen.providers = await providerLinks("/");
  seen.unknown = await linkProvider("unknown", "/", () => assert("the log-in is fresh")).catch(codeOf);
  await unlink("00000000-0000-0000-0000-000000000000", () => assert("the log-in is fresh")).catch(codeOf);
  const refused = () => Promise.reject(Object.assign(new Error(), { code: "reauthentication_required", methods: [] }));
  seen.refused = await proven(refused, async () => ({ recovery_code: codes[0] })).catch(codeOf);
  return seen;
}

function assert(message) {
  throw new Error(message);
}

try {
  // Not the example page itself: that waits for a passkey, and a browser lets one request wait.
  const { page } = await openPage(browser, "http://localhost:3000/style.css");
  await addAuthenticator(page);
  await page.exposeFunction("nextCode", (secret) => appCode(secret, used++));
  // The protocol evaluates it outside the page's policy, which allows no eval.
  const result = await page.evaluate(`(async (email, password) => {
    ${samples}
    ${assert}
    return (${stories})(email, password);
  })(${JSON.stringify(email)}, ${JSON.stringify(password)})`);
  console.log(JSON.stringify(result));
} finally {
  await browser.close();
}
