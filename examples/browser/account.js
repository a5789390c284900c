// The signed-in account: change its address or password, download its data, delete it.

import { call } from "./api.js";
import { element, onClick, onSubmit } from "./page.js";
import { refresh } from "./session.js";
import { proven } from "./step-up.js";

async function changeEmail(changes) {
  const { user } = await proven(() => call("PATCH", "/api/users/me", changes));
  await refresh();
  if (!user.pending_email) return `${user.primary_email} stays your address.`;
  return `A code is on its way to ${user.pending_email}. Until you enter it, your address stays as it is.`;
}

async function changePassword(changes) {
  await proven(() => call("PATCH", "/api/users/me", changes));
  await refresh();
  return "Your password is changed, and all other sessions have ended.";
}

async function downloadData() {
  const data = await call("GET", "/api/users/me/export");
  const address = URL.createObjectURL(new Blob([JSON.stringify(data, null, 2)], { type: "application/json" }));
  Object.assign(document.createElement("a"), { href: address, download: "account.json" }).click();
  URL.revokeObjectURL(address);
  return "Everything that is stored about you is in account.json.";
}

async function deleteAccount(proof) {
  await proven(() => call("DELETE", "/api/users/me", proof));
  element("delete-account").closest("details").open = false;
  await refresh();
  return "Your account is deleted.";
}

onSubmit("change-email", changeEmail);
onSubmit("change-password", changePassword);
onClick("download", downloadData);
onSubmit("delete-account", deleteAccount);
