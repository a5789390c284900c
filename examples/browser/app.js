// Entry of a page that is on another origin than the service and uses its session cookie: sign-up, log-in and log-out.
// The other modules hold the rest.

import "./account.js";
import { api, call } from "./api.js";
import { element, onClick, onSubmit, perform } from "./page.js";
import "./recovery.js";
import { refresh } from "./session.js";

async function enter(path, greeting, account) {
  const { user } = await call("POST", path, account);
  await refresh();
  return `${greeting}, ${user.primary_email}.`;
}

async function logOut() {
  await call("POST", "/api/auth/logout");
  await refresh();
  return "You are logged out.";
}

element("api").textContent = api.origin;
onSubmit("log-in", (account) => enter("/api/auth/login", "Welcome back", account));
onSubmit("sign-up", (account) => enter("/api/auth/sign-up", "Welcome", account));
onClick("log-out", logOut);
perform(refresh);
