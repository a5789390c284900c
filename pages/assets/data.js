// All that is stored about the account, and its end.

import { callAsShown, open } from "./own.js";
import { element, onClick, onSubmit } from "./page.js";
import { proven } from "./step-up.js";
import { say } from "./words.js";

let address;

async function download() {
  const data = await callAsShown("GET", "/api/users/me/export");
  const place = URL.createObjectURL(new Blob([JSON.stringify(data, null, 2)], { type: "application/json" }));
  Object.assign(document.createElement("a"), { href: place, download: "account.json" }).click();
  URL.revokeObjectURL(place);
  return say("exported");
}

async function end({ email = "" }) {
  if (email.trim().toLowerCase() !== address.toLowerCase()) {
    const error = new Error(say("error_validation_error"));
    error.issues = [{ field: "email", text: () => say("delete_confirm", { email: address }) }];
    throw error;
  }
  await proven(() => callAsShown("DELETE", "/api/users/me", {}));
  for (const part of document.querySelectorAll("nav, .log-out, #signed-in")) part.hidden = true;
  element("gone").hidden = false;
  element("gone-title").focus();
}

onClick("#export", download);
onSubmit("delete", end);
await open(({ user }) => {
  address = user.primary_email;
});
