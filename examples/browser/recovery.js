// Mailed codes: reset a forgotten password, confirm an address.

import { call } from "./api.js";
import { element, onClick, onSubmit } from "./page.js";
import { refresh } from "./session.js";

let resetAddress = "";
let recoveryKey = "";

async function askForReset({ email }) {
  await call("POST", "/auth/otp", { action: "create", email });
  resetAddress = email;
  element("reset-to").textContent = email;
  element("reset").hidden = false;
  element("reset-otp").focus();
  // The service does not reveal which addresses have accounts, so the page does not either.
  return "If the address has an account, a code is on its way.";
}

async function reset(entered) {
  await call("POST", "/auth/otp", { action: "validate", email: resetAddress, ...entered });
  element("reset").hidden = true;
  element("log-in-email").value = resetAddress;
  element("log-in-password").focus();
  return "Your password is changed, and every session has ended. Log in with the new one.";
}

/** Offers to set a new password, if the page was opened with the link of a mail. */
export function readRecoveryLink(fragment) {
  if (!fragment.has("key")) return false;
  recoveryKey = fragment.get("key");
  element("set-password").hidden = false;
  element("set-password-new-password").focus();
  return true;
}

async function setPassword(entered) {
  await call("POST", "/api/auth/password/reset", { key: recoveryKey, ...entered });
  element("set-password").hidden = true;
  await refresh();
  element("log-in-email").focus();
  return "Your password is changed, and every session has ended. Log in with the new one.";
}

async function sendCode() {
  await call("POST", "/api/auth/email/send-code");
  element("verify-code").focus();
  return "A code is on its way. Look into your mail.";
}

async function verify(entered) {
  const { user } = await call("POST", "/api/auth/email/verify", entered);
  await refresh();
  return `${user.primary_email} is confirmed.`;
}

onSubmit("ask-reset", askForReset);
onSubmit("reset", reset);
onSubmit("set-password", setPassword);
onClick("send-code", sendCode);
onSubmit("verify", verify);
