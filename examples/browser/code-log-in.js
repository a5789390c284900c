// Log-in with a mailed code or link. The link only fills in the form: the person's own press of the button logs in.

import { call } from "./api.js";
import { element, onSubmit } from "./page.js";
import { enter } from "./session.js";

let address = "";

function showForm(email, code = "") {
  address = email;
  element("log-in-code-to").textContent = email;
  element("log-in-code").hidden = false;
  element("log-in-code-code").value = code;
  element("log-in-code-code").focus();
}

async function ask({ email }) {
  try {
    await call("POST", "/api/auth/login/code", { email });
  } catch (error) {
    if (error.code === "not_found") throw new Error("This service does not mail codes to log in with.");
    throw error;
  }
  showForm(email);
  // The service does not reveal which addresses have accounts, so the page does not either.
  return "If the address can log in, a code is on its way.";
}

async function logIn({ code }) {
  const message = await enter("Welcome", () =>
    call("POST", "/api/auth/login/code/verify", { email: address, code }),
  );
  element("log-in-code").hidden = true;
  return message;
}

/** Fills in the form from the link of a mail, if the page was opened with one. */
export function readLogInLink(fragment) {
  const isLink = fragment.has("email") && fragment.has("code");
  if (isLink) showForm(fragment.get("email"), fragment.get("code"));
  return isLink;
}

onSubmit("ask-log-in-code", ask);
onSubmit("log-in-code", logIn);
