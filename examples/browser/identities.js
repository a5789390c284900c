// Accounts at other providers: log in, link, remove.

import { api, call } from "./api.js";
import { element, fromTemplate, perform, showTime } from "./page.js";
import { addPart, readIfKnown, refresh } from "./session.js";
import { proven } from "./step-up.js";

let providers = [];

/** Where the provider's answer leads to: this page. */
const here = () => `${location.origin}${location.pathname}${location.search}`;

/** Shows the providers that the service has. They are links, because the browser leaves the page. */
export async function offerProviders() {
  providers = (await readIfKnown("/api/auth/providers")) ?? [];
  element("providers").replaceChildren(
    ...providers.map(({ name, url }) => {
      const href = new URL(url, api);
      href.searchParams.set("return_to", here());
      return Object.assign(document.createElement("a"), {
        className: "button",
        href: href.href,
        textContent: `Log in with ${name}`,
      });
    }),
  );
}

async function link(id) {
  const path = `/api/auth/identities/${encodeURIComponent(id)}`;
  const { url } = await proven(() => call("POST", path, { return_to: here() }));
  location.assign(url);
}

async function remove(id) {
  await proven(() => call("DELETE", `/api/auth/identities/${encodeURIComponent(id)}`));
  await refresh();
  return "The account elsewhere is removed. It does not log in here any more.";
}

const nameOf = (id) => providers.find((provider) => provider.id === id)?.name ?? id;

function showIdentity(identity) {
  const { item, part } = fromTemplate("identity");
  const name = nameOf(identity.provider);
  part(".name").textContent = name;
  part(".address").textContent = identity.email ?? "";
  showTime(part(".added"), identity.created_at);
  part(".remove").setAttribute("aria-label", `Remove ${name}`);
  part(".remove").addEventListener("click", () => perform(() => remove(identity.id)));
  return item;
}

function linkButton({ id, name }) {
  const button = Object.assign(document.createElement("button"), { className: "quiet", textContent: `Link ${name}` });
  button.addEventListener("click", () => perform(() => link(id)));
  return button;
}

function showIdentities(identities) {
  element("linked").hidden = providers.length === 0 && identities.length === 0;
  element("identities").replaceChildren(...identities.map(showIdentity));
  const others = providers.filter(({ id }) => !identities.some(({ provider }) => provider === id));
  element("link-providers").replaceChildren(...others.map(linkButton));
}

addPart("/api/auth/identities", showIdentities, "linked");
