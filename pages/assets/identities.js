// Accounts at other providers that log in to this one: link, remove.

import { call } from "./api.js";
import { callAsShown, done, fromTemplate } from "./own.js";
import { element, perform, showTime } from "./page.js";
import { proven } from "./step-up.js";
import { say } from "./words.js";

let providers = [];

export async function readProviders() {
  providers = await call("GET", "/api/auth/providers");
}

/** Shows the linked accounts, and a button for each provider without one. */
export function showIdentities(identities) {
  element("linked").hidden = providers.length === 0 && identities.length === 0;
  element("identities").replaceChildren(...identities.map(item));
  const others = providers.filter(({ id }) => !identities.some(({ provider }) => provider === id));
  element("link-providers").replaceChildren(...others.map(linkButton));
}

function item(identity) {
  const { item, part } = fromTemplate("identity");
  const name = providers.find(({ id }) => id === identity.provider)?.name ?? identity.provider;
  part(".name").textContent = name;
  part(".address").textContent = identity.email ? `${identity.email} ·` : "";
  showTime(part(".added"), identity.created_at);
  part(".remove").setAttribute("aria-label", say("remove_of", { name }));
  part(".remove").addEventListener("click", () => perform(() => remove(identity)));
  return item;
}

function linkButton({ id, name }) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "quiet" });
  button.textContent = say("link_of", { name });
  button.addEventListener("click", () => perform(() => link(id)));
  return button;
}

async function link(id) {
  const request = { return_to: location.pathname };
  const { url } = await proven(() => callAsShown("POST", `/api/auth/identities/${encodeURIComponent(id)}`, request));
  location.assign(url);
}

async function remove({ id }) {
  await proven(() => callAsShown("DELETE", `/api/auth/identities/${encodeURIComponent(id)}`));
  return done(say("identity_removed"), async () => showIdentities(await call("GET", "/api/auth/identities")));
}
