// The account's passkeys: add, rename, remove. The browser speaks the service's JSON, so no library is needed.

import { callAsShown, done, fromTemplate } from "./own.js";
import { element, onClick, onSubmit, perform, showIssues, showTime } from "./page.js";
import { proven } from "./step-up.js";
import { say } from "./words.js";

const path = "/api/auth/webauthn/register";
const placeOf = ({ id }) => `/api/auth/passkeys/${encodeURIComponent(id)}`;
let renamed;
let refresh;

/** Makes the buttons work; `refreshPage` shows what the account has afterwards. */
export function offerPasskeys(refreshPage) {
  if (!element("passkeys")) return;
  refresh = refreshPage;
  element("add-passkey").hidden = !globalThis.PublicKeyCredential;
  onClick("#add-passkey", add);
  onSubmit("rename", async (entered) => {
    await callAsShown("PATCH", placeOf(renamed), { name: "", ...entered });
    closeForm();
    return done(say("passkey_renamed"), refresh);
  });
  element("rename-cancel").addEventListener("click", () => {
    closeForm();
    element("add-passkey").focus();
  });
}

export function showPasskeys(passkeys) {
  element("passkeys").replaceChildren(...passkeys.map(item));
}

function item(passkey) {
  const { item, part } = fromTemplate("passkey");
  const name = passkey.name || say("passkey");
  part(".name").textContent = name;
  showTime(part(".added"), passkey.created_at);
  if (passkey.last_used_at) showTime(part(".used"), passkey.last_used_at);
  else part(".used-text").remove();
  part(".rename").setAttribute("aria-label", say("rename_of", { name }));
  part(".rename").addEventListener("click", () => openForm(passkey));
  part(".remove").setAttribute("aria-label", say("remove_of", { name }));
  part(".remove").addEventListener("click", () => perform(() => remove(passkey)));
  return item;
}

async function add() {
  const { creationOptions, attemptId } = await proven(() => callAsShown("POST", path, { verify: false }));
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(creationOptions);
  const credential = await navigator.credentials.create({ publicKey }).catch((cause) => {
    const reasons = { NotAllowedError: "no_passkey_made", InvalidStateError: "passkey_there" };
    throw new Error(say(reasons[cause.name] ?? "passkey_failed"), { cause });
  });
  await callAsShown("POST", path, { attemptId, response: credential.toJSON(), verify: true });
  return done(say("passkey_added"), refresh);
}

function openForm(passkey) {
  renamed = passkey;
  showIssues(element("rename"), []);
  element("rename").hidden = element("rename-cancel").hidden = false;
  element("rename-name").value = passkey.name;
  element("rename-name").select();
}

function closeForm() {
  element("rename").hidden = element("rename-cancel").hidden = true;
}

async function remove(passkey) {
  await proven(() => callAsShown("DELETE", placeOf(passkey)));
  closeForm();
  return done(say("passkey_removed"), refresh);
}
