// Entry of a page that is on another origin than the service and uses its session cookie: sign-up, log-in and log-out.
// The other modules hold the rest.

import "./account.js";
import { api, betterAddress, call } from "./api.js";
import { element, offerToShowPasswords, onClick, onSubmit, perform } from "./page.js";
import "./recovery.js";
import { refresh } from "./session.js";

async function enter(path, greeting, account) {
  const { user } = await call("POST", path, account);
  // The service's answer alone does not show that the browser kept its cookie.
  if (!(await refresh())) throw new Error(notKept());
  return `${greeting}, ${user.primary_email}.`;
}

function notKept() {
  const why = "It keeps cookies only of the site that a page belongs to, and only over https elsewhere.";
  return `Your browser did not send the cookie of ${api.origin} back. ${why}`;
}

async function logOut() {
  await call("POST", "/api/auth/logout");
  await refresh();
  return "You are logged out.";
}

element("api").textContent = api.origin;
if (betterAddress()) {
  element("better-address").href = element("better-address").textContent = betterAddress();
  element("two-sites").hidden = false;
}
onSubmit("log-in", (account) => enter("/api/auth/login", "Welcome back", account));
onSubmit("sign-up", (account) => enter("/api/auth/sign-up", "Welcome", account));
onClick("log-out", logOut);
offerToShowPasswords();
perform(async () => void (await refresh()));
