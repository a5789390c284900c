// The authenticator app and the recovery codes.

import { callAsShown, done } from "./own.js";
import { element, onClick, onSubmit } from "./page.js";
import { proven } from "./step-up.js";
import { say } from "./words.js";

export function showFactors(factors) {
  const app = factors.find(({ kind }) => kind === "totp");
  const codes = factors.find(({ kind }) => kind === "recovery_codes");
  element("app-state").textContent = app ? say("app_on", { count: codes?.remaining ?? 0 }) : say("app_off");
  element("start-totp").hidden = Boolean(app);
  for (const id of ["renew-codes", "remove-totp"]) element(id).hidden = !app;
}

/** Makes the buttons work; `refresh` shows what the account has afterwards. */
export function offerApp(refresh) {
  onClick("#start-totp", start);
  onSubmit("confirm-totp", async (entered) => {
    const { recovery_codes: codes } = await callAsShown("POST", "/api/auth/totp/confirm", { code: "", ...entered });
    forgetSecret();
    showCodes(codes);
    return done(say("app_added"), refresh);
  });
  onClick("#renew-codes", async () => {
    const { recovery_codes: codes } = await proven(() => callAsShown("POST", "/api/auth/recovery-codes"));
    showCodes(codes);
    return done(say("codes_renewed"), refresh);
  });
  onClick("#remove-totp", async () => {
    await proven(() => callAsShown("DELETE", "/api/auth/totp"));
    hideCodes();
    return done(say("app_removed"), refresh);
  });
  onClick("#codes-kept", async () => {
    hideCodes();
    element("app-state").focus();
  });
}

async function start() {
  const { secret, qr_svg: picture } = await proven(() => callAsShown("POST", "/api/auth/totp"));
  element("totp-secret").textContent = secret;
  // As an image the picture runs nothing, whatever it contains.
  element("totp-picture").src = `data:image/svg+xml,${encodeURIComponent(picture)}`;
  element("start-totp").hidden = true;
  element("confirm-totp").hidden = false;
  element("confirm-totp-code").focus();
}

function forgetSecret() {
  element("confirm-totp").hidden = true;
  element("totp-secret").textContent = "";
  element("totp-picture").removeAttribute("src");
}

function showCodes(codes) {
  const item = (code) => {
    const line = document.createElement("li");
    line.append(Object.assign(document.createElement("code"), { textContent: code }));
    return line;
  };
  element("recovery-code-list").replaceChildren(...codes.map(item));
  element("recovery-codes").hidden = false;
  element("codes-kept").focus();
}

function hideCodes() {
  element("recovery-codes").hidden = true;
  element("recovery-code-list").replaceChildren();
}
