// Passkeys: log in, add, rename, remove. The browser speaks the service's JSON, so no library is needed.

import { call } from "./api.js";
import { element, fromTemplate, onClick, perform, showTime } from "./page.js";
import { addPart, enter, refresh } from "./session.js";
import { proven } from "./step-up.js";
import { askForPasskey, stopAutofill } from "./webauthn.js";

/** Offers passkeys in the field of the e-mail address, until another request to the authenticator takes its place. */
export async function offerAutofill() {
  if (!(await globalThis.PublicKeyCredential?.isConditionalMediationAvailable?.())) return;
  try {
    const finish = await askForPasskey({ mediation: "conditional" }, { later: true });
    if (finish) perform(() => enter("Welcome back", finish));
  } catch (error) {
    // The person asked for nothing yet, so there is nothing to tell. The button says what is wrong, and
    // stands for nothing at a service without passkeys.
    element("passkey-log-in").hidden = error.statusCode === 404;
  }
}

async function add() {
  const { user } = await call("GET", "/api/auth/session");
  const about = { user: { userName: user.primary_email } };
  const path = "/api/auth/webauthn/register";
  const { creationOptions, attemptId } = await proven(() => call("POST", path, { ...about, verify: false }));
  stopAutofill();
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(creationOptions);
  const credential = await navigator.credentials.create({ publicKey });
  await call("POST", path, { ...about, attemptId, response: credential.toJSON(), verify: true });
  await refresh();
  return "The passkey is added. You can log in with it from now on.";
}

async function rename({ id, name }) {
  const wanted = prompt("A name for this passkey", name ?? "");
  if (!wanted) return "";
  await call("PATCH", `/api/auth/passkeys/${encodeURIComponent(id)}`, { name: wanted });
  await refresh();
  return "The passkey is renamed.";
}

async function remove({ id }) {
  await proven(() => call("DELETE", `/api/auth/passkeys/${encodeURIComponent(id)}`));
  await refresh();
  return "The passkey is removed. Delete it from your password manager too.";
}

function showPasskey(passkey) {
  const { item, part } = fromTemplate("passkey");
  const name = passkey.name || "Passkey";
  part(".name").textContent = name;
  showTime(part(".added"), passkey.created_at);
  if (passkey.last_used_at) showTime(part(".used"), passkey.last_used_at);
  else part(".used-text").remove();
  for (const [button, action, verb] of [
    [part(".rename"), rename, "Rename"],
    [part(".remove"), remove, "Remove"],
  ]) {
    button.setAttribute("aria-label", `${verb} the passkey ${name}`);
    button.addEventListener("click", () => perform(() => action(passkey)));
  }
  return item;
}

function showPasskeys(passkeys) {
  element("passkeys").replaceChildren(...passkeys.map(showPasskey));
}

addPart("/api/auth/passkeys", showPasskeys, "passkeys-part");
onClick("passkey-log-in", () => enter("Welcome back", () => askForPasskey()));
onClick("add-passkey", add);
