// What opens the account: password, address, authenticator app, passkeys, accounts elsewhere.

import { call } from "./api.js";
import { offerApp, showFactors } from "./factors.js";
import { readProviders, showIdentities } from "./identities.js";
import { callAsShown, done, open, showAgain } from "./own.js";
import { element, offerToShowPasswords, onSubmit } from "./page.js";
import { offerPasskeys, showPasskeys } from "./passkeys.js";
import { proven } from "./step-up.js";
import { say } from "./words.js";

async function show({ user }) {
  const hasPasskeys = Boolean(element("passkeys"));
  const [{ account }, factors, identities, passkeys] = await Promise.all([
    call("GET", "/api/users/me/export"),
    call("GET", "/api/auth/factors"),
    call("GET", "/api/auth/identities"),
    hasPasskeys ? call("GET", "/api/auth/passkeys") : [],
    readProviders(),
  ]);
  for (const place of document.querySelectorAll(".own-email")) place.textContent = user.primary_email;
  element("change-password-user").value = user.primary_email;
  for (const part of document.querySelectorAll(".with-password")) part.hidden = !account.has_password;
  element("no-password").hidden = account.has_password;
  element("confirm-email").hidden = !account.pending_email;
  element("pending-email").textContent = account.pending_email ?? "";
  showFactors(factors);
  if (hasPasskeys) showPasskeys(passkeys);
  showIdentities(identities);
}

const refresh = () => showAgain(show);

onSubmit("change-password", async (changes) => {
  await proven(() => callAsShown("PATCH", "/api/users/me", { password: "", ...changes }));
  return done(say("password_changed"), refresh);
});
onSubmit("change-email", async (changes) => {
  const { user } = await proven(() => callAsShown("PATCH", "/api/users/me", { email: "", ...changes }));
  const { pending_email: email } = user;
  return done(email ? say("email_pending", { email }) : say("unchanged"), refresh);
});
onSubmit("confirm-email", async (entered) => {
  await callAsShown("POST", "/api/auth/email/verify", entered);
  return done(say("verified"), refresh);
});
offerToShowPasswords();
offerApp(refresh);
offerPasskeys(refresh);
await open(show);
