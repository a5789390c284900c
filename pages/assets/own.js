// What all pages of a signed-in account share.

import { call, session } from "./api.js";
import { element, onClick, perform } from "./page.js";
import { say } from "./words.js";

/** The number of the account that the page shows. */
let shown;

/** The session. Without one the browser goes to the log-in page, which leads back here. */
export async function own() {
  const found = await session();
  if (found) shown = found.user.id;
  else location.replace(`/account/login?return_to=${encodeURIComponent(location.pathname)}`);
  return found;
}

/**
 * Sends a request for the account that the page shows. A log-in in another tab, or a fresh proof with a passkey of
 * another account, changes whose session this is.
 */
export async function callAsShown(method, path, body) {
  const found = await session();
  if (found && found.user.id !== shown) throw new Error(say("other_account"));
  return call(method, path, body);
}

/** Shows the page to a signed-in person; `show` fills it, and may name another part of it to show. */
export async function open(show) {
  onClick(".log-out", async () => {
    await call("POST", "/api/auth/logout");
    location.assign("/account/login");
  });
  await perform(async () => {
    const found = await own();
    if (!found) return;
    element((await show(found)) ?? "signed-in").hidden = false;
  });
}

/** A copy of a template's item, and a way to its parts. */
export function fromTemplate(id) {
  const item = element(id).content.firstElementChild.cloneNode(true);
  return { item, part: (selector) => item.querySelector(selector) };
}
