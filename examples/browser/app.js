// Entry of a page that is on another origin than the service and uses its session cookie: sign-up, log-in and log-out.
// The other modules hold the rest.

import "./account.js";
import { api, betterAddress, call } from "./api.js";
import { readLogInLink } from "./code-log-in.js";
import "./factors.js";
import { offerProviders } from "./identities.js";
import { element, offerToShowPasswords, onClick, onSubmit, perform, showView } from "./page.js";
import { offerAutofill } from "./passkeys.js";
import { readRecoveryLink } from "./recovery.js";
import { showSecondStep } from "./second-step.js";
import { enter, refresh } from "./session.js";
import { providerErrorText } from "./words.js";

async function logOut() {
  await call("POST", "/api/auth/logout");
  await refresh();
  return "You are logged out.";
}

/** Takes what a mail or a provider has put into the address, so that it does not stay in the history. */
function takeFromAddress() {
  const address = new URL(location);
  const fragment = new URLSearchParams(address.hash.slice(1));
  const error = address.searchParams.get("error");
  address.hash = "";
  address.searchParams.delete("error");
  history.replaceState(null, "", address);
  return { fragment, error };
}

async function open() {
  const { fragment, error } = takeFromAddress();
  try {
    await offerProviders();
  } finally {
    // Shows one of the views in any case: also without an answer, a visitor can fill in the form and try again.
    await refresh();
  }
  if (readRecoveryLink(fragment) || readLogInLink(fragment)) showView("signed-out");
  // The other provider was the first factor.
  if (error === "second_factor_required") return showSecondStep(["totp", "recovery_code"]);
  if (error) throw new Error(providerErrorText(error));
}

element("api").textContent = api.origin;
if (betterAddress()) {
  element("better-address").href = element("better-address").textContent = betterAddress();
  element("two-sites").hidden = false;
}
onSubmit("log-in", (account) => enter("Welcome back", () => call("POST", "/api/auth/login", account)));
onSubmit("sign-up", (account) => enter("Welcome", () => call("POST", "/api/auth/sign-up", account)));
onClick("log-out", logOut);
offerToShowPasswords();
await perform(open);
offerAutofill();
