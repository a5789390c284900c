// What all pages of a signed-in account share.

import { call, session } from "./api.js";
import { element, onClick, perform } from "./page.js";

/** The session. Without one the browser goes to the log-in page, which leads back here. */
export async function own() {
  const found = await session();
  if (!found) location.replace(`/account/login?return_to=${encodeURIComponent(location.pathname)}`);
  return found;
}

/** Shows the page to a signed-in person; `show` fills it. */
export async function open(show) {
  onClick(".log-out", async () => {
    await call("POST", "/api/auth/logout");
    location.assign("/account/login");
  });
  await perform(async () => {
    const found = await own();
    if (!found) return;
    await show(found);
    element("signed-in").hidden = false;
  });
}

/** A copy of a template's item, and a way to its parts. */
export function fromTemplate(id) {
  const item = element(id).content.firstElementChild.cloneNode(true);
  return { item, part: (selector) => item.querySelector(selector) };
}
