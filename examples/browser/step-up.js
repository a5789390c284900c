// Proves again that it is the account owner: before what opens or closes a way into the account.

import { call } from "./api.js";
import { element, showIssues } from "./page.js";
import { askForPasskey } from "./webauthn.js";

const dialog = element("step-up");
const form = element("prove");

/**
 * Sends a request, and once more after the dialog if the service asks for a fresh proof. Only the account that the page
 * shows is meant: a log-in in another tab, or with a passkey of another account, changes whose session this is.
 */
export async function proven(request) {
  await mustBeShown();
  try {
    return await request();
  } catch (error) {
    if (error.code !== "reauthentication_required") throw error;
    await prove(error.methods);
    await mustBeShown();
    return request();
  }
}

async function mustBeShown() {
  const { user } = await call("GET", "/api/_auth/session");
  if (user && user.id !== element("who-id").textContent) {
    throw new Error("You are logged in to another account by now. Nothing was changed; reload the page.");
  }
}

/** Six digits are the code of an app; everything else can only be a recovery code. */
export function secondFactor(entered) {
  const digits = entered.replaceAll(" ", "");
  return /^\d{6}$/.test(digits) ? { code: digits } : { recovery_code: entered.trim() };
}

function prove(methods) {
  const has = (...names) => names.some((name) => methods.includes(name));
  element("prove-password").hidden = !has("password");
  element("prove-second-factor").hidden = !has("totp", "recovery_code");
  element("prove-mail").hidden = !has("mail_code");
  element("prove-submit").hidden = !has("password", "totp", "recovery_code", "mail_code");
  element("prove-passkey").hidden = !has("passkey");
  form.reset();
  showIssues(form, []);
  element("prove-issue").textContent = "";
  dialog.showModal();
  return new Promise((resolve, reject) => {
    const listening = new AbortController();
    const on = (target, event, action) => target.addEventListener(event, action, { signal: listening.signal });
    const finish = (settle) => {
      listening.abort();
      if (dialog.open) dialog.close();
      settle();
    };
    const attempt = async (action) => {
      try {
        await action();
        finish(resolve);
      } catch (error) {
        show(error);
      }
    };
    on(form, "submit", (event) => {
      event.preventDefault();
      attempt(() => call("POST", "/api/auth/reauthenticate", filledIn()));
    });
    on(element("prove-passkey"), "click", () => attempt(() => askForPasskey()));
    on(element("prove-mail-send"), "click", () =>
      call("POST", "/api/auth/reauthenticate/code").then(() => element("prove-mail-code").focus(), show),
    );
    on(element("prove-cancel"), "click", () => finish(() => reject(new Error("Nothing was changed."))));
    // The escape key cancels too.
    on(dialog, "close", () => finish(() => reject(new Error("Nothing was changed."))));
  });
}

function filledIn() {
  const [[name, value] = []] = [...new FormData(form)].filter(([, entered]) => entered !== "");
  if (name === "code") return secondFactor(value);
  return name ? { [name]: value } : {};
}

/** Shows an error beside the field that the person can fill in. */
function show(error) {
  const [field] = [...form.querySelectorAll("input[name]")].filter((input) => input.offsetParent);
  const text = error.issues?.[0]?.text ?? error.message;
  if (field) showIssues(form, [{ field: field.name, text }]);
  else element("prove-issue").textContent = text;
}
