// Proves again that it is the account owner: before what opens or closes a way into the account, or ends it.

import { call } from "./api.js";
import { element, showIssues } from "./page.js";
import { secondFactor } from "./second-factor.js";
import { askForPasskey } from "./webauthn.js";
import { say } from "./words.js";

/**
 * Sends a request, and once more after the dialog if the service asks for a fresh proof. The request is for the account
 * that the page shows (`callAsShown`), because the proof may have been another account's.
 */
export async function proven(request) {
  try {
    return await request();
  } catch (error) {
    if (error.code !== "reauthentication_required") throw error;
    await prove(error.methods);
    return request();
  }
}

function prove(methods) {
  const [dialog, form] = [element("step-up"), element("prove")];
  const has = (...names) => names.some((name) => methods.includes(name));
  element("prove-password").hidden = !has("password");
  element("prove-second").hidden = !has("totp", "recovery_code");
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
    const cancel = () => finish(() => reject(Object.assign(new Error(say("unchanged")), { code: "cancelled" })));
    const attempt = async (action) => {
      try {
        await action();
        finish(resolve);
      } catch (error) {
        show(form, error);
      }
    };
    on(form, "submit", (event) => {
      event.preventDefault();
      attempt(() => call("POST", "/api/auth/reauthenticate", filledIn(form)));
    });
    on(element("prove-passkey"), "click", () => attempt(usePasskey));
    on(element("prove-mail-send"), "click", () =>
      call("POST", "/api/auth/reauthenticate/code").then(
        () => element("prove-mail-code").focus(),
        (error) => show(form, error),
      ),
    );
    on(element("prove-cancel"), "click", cancel);
    // The escape key cancels too.
    on(dialog, "close", cancel);
  });
}

async function usePasskey() {
  const send = await askForPasskey();
  if (!send) throw new Error(say("no_passkey"));
  await send();
}

function filledIn(form) {
  const [[name, value] = []] = [...new FormData(form)].filter(([, entered]) => entered !== "");
  if (name === "code") return secondFactor(value);
  return name ? { [name]: value } : {};
}

/** Shows an error beside the field that the person can fill in. */
function show(form, error) {
  const [field] = [...form.querySelectorAll("input[name]")].filter((input) => input.offsetParent);
  const text = () => error.issues?.[0]?.text(field) ?? error.message;
  if (field) showIssues(form, [{ field: field.name, text }]);
  else element("prove-issue").textContent = error.message;
}
