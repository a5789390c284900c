// Sign-up and log-in: by password, passkey, mailed code or provider, with a second factor where the account has one.

import { call, session } from "./api.js";
import { element, notify, offerToShowPasswords, onClick, onSubmit, perform, showIssues, showPart } from "./page.js";
import { secondFactor } from "./second-factor.js";
import { askForPasskey, canAutofill, stopAutofill } from "./webauthn.js";
import { providerText, say } from "./words.js";

const steps = ["log-in-part", "code-part", "second-part"];
const showStep = (name) => showPart(name, steps);
let address = "";
let whenSignedIn;

/** Sends a request that logs in. Half a log-in goes on with its second step. */
async function enter(request) {
  try {
    await request();
  } catch (error) {
    if (error.code !== "second_factor_required") throw error;
    askForSecondFactor(error.methods);
    return "";
  }
  stopAutofill();
  // The service's answer alone does not show that the browser kept its cookie.
  let found;
  try {
    found = await session();
  } catch {
    // A second sign-up, and a code that is used, would only be refused.
    return say("entered");
  }
  if (!found) throw new Error(say("no_cookie"));
  return whenSignedIn(found);
}

function askForSecondFactor(methods) {
  element("second-passkey").hidden = !methods.includes("passkey");
  showStep("second-part");
}

async function usePasskey() {
  const send = await askForPasskey();
  return send ? enter(send) : "";
}

/** Offers passkeys in the field of the e-mail address, until another request to the authenticator takes its place. */
async function offerAutofill() {
  if (!element("passkey-log-in") || !(await canAutofill())) return;
  try {
    const send = await askForPasskey({ mediation: "conditional" });
    if (send) perform(() => enter(send));
  } catch {
    // The person asked for nothing yet, so there is nothing to tell. The button says what is wrong.
  }
}

async function askForCode() {
  const form = element("log-in");
  const email = element("log-in-email").value;
  if (!email.trim()) {
    showIssues(form, [{ field: "email", text: () => say("code_needs_email") }]);
    return "";
  }
  showIssues(form, []);
  await call("POST", "/api/auth/login/code", { email });
  showCodeStep(email);
  // The service does not reveal which addresses have accounts, so the page does not either.
  return say("code_sent");
}

function showCodeStep(email, code = "") {
  address = email;
  element("code-to").textContent = email;
  element("log-in-code-code").value = code;
  showStep("code-part");
}

/** Takes what a mail or a provider has put into the address, so that it does not stay in the history. */
function takeFromAddress() {
  const here = new URL(location);
  const fragment = new URLSearchParams(here.hash.slice(1));
  const error = here.searchParams.get("error");
  here.hash = "";
  for (const name of ["error", "led"]) here.searchParams.delete(name);
  history.replaceState(null, "", here);
  return { fragment, error };
}

async function logOut() {
  await call("POST", "/api/auth/logout");
  showPart("visitor", ["visitor", "signed-in"]);
  offerAutofill();
  return say("logged_out");
}

export function showSignedIn({ user }) {
  for (const place of document.querySelectorAll(".own-email")) place.textContent = user.primary_email;
  showPart("signed-in", ["visitor", "signed-in"]);
}

/** Makes the forms of the page work; `finish` is called with the session of a person who has logged in or signed up. */
export async function begin(finish) {
  whenSignedIn = finish;
  const { fragment, error } = takeFromAddress();
  offerToShowPasswords();
  onSubmit("log-in", (account) => enter(() => call("POST", "/api/auth/login", account)));
  onSubmit("sign-up", (account) => enter(() => call("POST", "/api/auth/sign-up", account)));
  onSubmit("log-in-code", ({ code }) =>
    enter(() => call("POST", "/api/auth/login/code/verify", { email: address, code })),
  );
  onSubmit("second-factor", ({ code = "" }) =>
    enter(() => call("POST", "/api/auth/login/second-factor", secondFactor(code))),
  );
  onClick("#ask-code", askForCode);
  onClick("#passkey-log-in, #second-passkey", usePasskey);
  onClick(".again", async () => showStep("log-in-part"));
  onClick(".log-out", logOut);
  await perform(async () => {
    const found = await session().catch((error) => {
      // Also without an answer, a visitor can fill in the form and try again.
      showPart("visitor", ["visitor", "signed-in"]);
      throw error;
    });
    if (found) showSignedIn(found);
    else showPart("visitor", ["visitor", "signed-in"]);
  });
  // A code in digits works in every browser, so another person could have put one for their own account here.
  const isLink = fragment.has("email") && /[^\d\s-]/.test(fragment.get("code") ?? "");
  if (isLink && element("signed-in")?.hidden !== false && element("code-part")) {
    showPart("visitor", ["visitor", "signed-in"]);
    showCodeStep(fragment.get("email"), fragment.get("code"));
  } else if (error === "second_factor_required" && element("second-part")) {
    // The provider was the first factor.
    showPart("visitor", ["visitor", "signed-in"]);
    askForSecondFactor(["totp", "recovery_code"]);
  } else if (error) {
    notify(providerText(error), true);
  }
  offerAutofill();
}
