// An account's own page: its address and whether it is confirmed, and this session.

import { callAsShown, done, open, showAgain } from "./own.js";
import { element, onClick, onSubmit, showTime } from "./page.js";
import { say } from "./words.js";

function show(found) {
  const { user } = found;
  for (const place of document.querySelectorAll(".own-email")) place.textContent = user.primary_email;
  element("who-verified").textContent = say(user.email_verified ? "confirmed" : "not_confirmed");
  element("who-verified").classList.toggle("warn", !user.email_verified);
  element("who-id").textContent = user.id;
  showTime(element("who-since"), found.loggedInAt);
  showTime(element("who-until"), found.expires_at);
  element("verification").hidden = user.email_verified;
}

async function sendCode() {
  await callAsShown("POST", "/api/auth/email/send-code");
  element("verify").hidden = false;
  element("verify-code").focus();
  return say("verification_sent");
}

async function verify(entered) {
  await callAsShown("POST", "/api/auth/email/verify", entered);
  return done(say("verified"), () => showAgain(show));
}

onClick("#send-code", sendCode);
onSubmit("verify", verify);
await open(show);
