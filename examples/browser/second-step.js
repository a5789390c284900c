// The second half of a log-in: a code of the authenticator app, a recovery code or a passkey.

import { call } from "./api.js";
import { element, onClick, onSubmit, showView } from "./page.js";
import { enter, onSecondStep } from "./session.js";
import { secondFactor } from "./step-up.js";
import { askForPasskey } from "./webauthn.js";

export function showSecondStep(methods) {
  element("second-factor-passkey").hidden = !methods.includes("passkey");
  showView("second-step");
  element("second-factor-code").focus();
}

async function finish({ code = "" }) {
  return enter("Welcome back", () => call("POST", "/api/auth/login/second-factor", secondFactor(code)));
}

onSecondStep(showSecondStep);
onSubmit("second-factor", finish);
onClick("second-factor-passkey", () => enter("Welcome back", () => askForPasskey()));
onClick("second-factor-cancel", async () => showView("signed-out"));
