// A forgotten password is replaced, by the digits or by the link of a mail.

import { call } from "./api.js";
import { element, offerToShowPasswords, onClick, onSubmit, showPart } from "./page.js";
import { say } from "./words.js";

const showStep = (name) => showPart(name, ["ask-part", "digits-part", "key-part", "done-part"]);
let address = "";

/** What a mailed link carries. It leaves the address, so that it does not stay in the history. */
function takeFragment() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  return fragment;
}

/** Speaks to a guest who has no password yet. */
function greetGuest() {
  for (const text of document.querySelectorAll("[data-invited]")) text.textContent = text.dataset.invited;
}

async function setByKey(entered) {
  await call("POST", "/api/auth/password/reset", { key, ...entered }).catch((error) => {
    throw isGuest && error.code === "invalid_otp" ? new Error(say("invitation_over")) : error;
  });
  showStep("done-part");
}

async function ask({ email }) {
  await call("POST", "/auth/otp", { action: "create", email });
  address = email;
  element("digits-to").textContent = email;
  showStep("digits-part");
  // The service does not reveal which addresses have accounts, so the page does not either.
  return say("reset_sent");
}

async function setByDigits(entered) {
  await call("POST", "/auth/otp", { action: "validate", email: address, ...entered });
  showStep("done-part");
}

const fragment = takeFragment();
const key = fragment.get("key");
const isGuest = fragment.get("for") === "invitation";
if (isGuest) greetGuest();
offerToShowPasswords();
onSubmit("ask", ask);
onSubmit("digits", setByDigits);
onSubmit("key", setByKey);
onClick(".again", async () => showStep("ask-part"));
if (key) showStep("key-part");
// A link that is opened while the page is open changes the address only.
addEventListener("hashchange", () => location.reload());
// Before this script runs, a form would send nothing.
element("visitor").hidden = false;
