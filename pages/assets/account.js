// An account's own page: its address and whether it is confirmed, and this session.

import { call, session } from "./api.js";
import { element, onClick, onSubmit, perform, showTime } from "./page.js";
import { say } from "./words.js";

/** Shows the account. Without a session the browser goes to the log-in page, which leads back here. */
async function refresh() {
  const found = await session();
  if (!found) return toLogIn();
  const { user } = found;
  for (const place of document.querySelectorAll(".own-email")) place.textContent = user.primary_email;
  element("who-verified").textContent = say(user.email_verified ? "confirmed" : "not_confirmed");
  element("who-verified").classList.toggle("warn", !user.email_verified);
  element("who-id").textContent = user.id;
  showTime(element("who-since"), found.loggedInAt);
  showTime(element("who-until"), found.expires_at);
  element("verification").hidden = user.email_verified;
  element("signed-in").hidden = false;
}

function toLogIn() {
  location.replace(`/account/login?return_to=${encodeURIComponent(location.pathname)}`);
}

async function sendCode() {
  await call("POST", "/api/auth/email/send-code");
  element("verify").hidden = false;
  element("verify-code").focus();
  return say("verification_sent");
}

async function verify(entered) {
  await call("POST", "/api/auth/email/verify", entered);
  await refresh();
  return say("verified");
}

async function logOut() {
  await call("POST", "/api/auth/logout");
  location.assign("/account/login");
}

onClick("#send-code", sendCode);
onSubmit("verify", verify);
onClick(".log-out", logOut);
await perform(refresh);
