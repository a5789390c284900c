// The authenticator app and the recovery codes.

import { call } from "./api.js";
import { element, onClick, onSubmit } from "./page.js";
import { addPart, refresh } from "./session.js";
import { proven } from "./step-up.js";

async function start() {
  const { secret, qr_svg: picture } = await proven(() => call("POST", "/api/auth/totp"));
  element("totp-secret").textContent = secret;
  // As an image the picture runs nothing, whatever it contains.
  element("totp-picture").src = `data:image/svg+xml,${encodeURIComponent(picture)}`;
  element("start-totp").hidden = true;
  element("confirm-totp").hidden = false;
  element("confirm-totp-code").focus();
  return "";
}

async function confirm({ code }) {
  const { recovery_codes: codes } = await call("POST", "/api/auth/totp/confirm", { code });
  forgetSecret();
  await refresh();
  showCodes(codes);
  return "Your authenticator app is on, and all other sessions have ended.";
}

async function renewCodes() {
  const { recovery_codes: codes } = await proven(() => call("POST", "/api/auth/recovery-codes"));
  await refresh();
  showCodes(codes);
  return "The old recovery codes do not work any more.";
}

async function remove() {
  await proven(() => call("DELETE", "/api/auth/totp"));
  hideCodes();
  await refresh();
  return "The authenticator app is removed.";
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
  element("recovery-codes-kept").focus();
}

function hideCodes() {
  element("recovery-codes").hidden = true;
  element("recovery-code-list").replaceChildren();
}

function showFactors(factors) {
  const app = factors.find(({ kind }) => kind === "totp");
  const codes = factors.find(({ kind }) => kind === "recovery_codes");
  element("app-state").textContent = app
    ? `On. ${codes?.remaining ?? 0} recovery codes are left.`
    : "Off. With an app, a stolen password alone opens nothing.";
  element("start-totp").hidden = Boolean(app);
  element("remove-totp").hidden = element("renew-codes").hidden = !app;
}

addPart("/api/auth/factors", showFactors, "app");
onClick("start-totp", start);
onSubmit("confirm-totp", confirm);
onClick("renew-codes", renewCodes);
onClick("remove-totp", remove);
onClick("recovery-codes-kept", async () => {
  hideCodes();
  element("app-state").tabIndex = -1;
  element("app-state").focus();
});
