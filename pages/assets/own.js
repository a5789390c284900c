// What all pages of a signed-in account share.

import { call, session } from "./api.js";
import { element, onClick, perform } from "./page.js";
import { say } from "./words.js";

/** The number of the account that the page shows, from its first look on. */
let shown;

/** Without a session the browser goes to the log-in page, which leads back here. */
function orLogIn(found) {
  if (!found) location.replace(`/account/login?return_to=${encodeURIComponent(location.pathname)}`);
  return found;
}

/**
 * The session, if it is of the account that the page shows. A log-in in another tab, or a fresh proof with a passkey of
 * another account, changes whose session this is.
 */
async function sessionAsShown() {
  const found = await session();
  if (found && found.user.id !== shown) throw new Error(say("other_account"));
  return found;
}

/** Sends a request for the account that the page shows. */
export async function callAsShown(method, path, body) {
  await sessionAsShown();
  return call(method, path, body);
}

/** Shows by `show` what the account has by now. */
export async function showAgain(show) {
  const found = orLogIn(await sessionAsShown());
  if (found) await show(found);
}

/**
 * The message of a deed that is done, after a `look` at what came of it. The deed is done also if that look fails: the
 * person must not do it again, so the message says only that the page is from before.
 */
export async function done(message, look) {
  try {
    await look();
  } catch {
    return `${message} ${say("from_before")}`;
  }
  return message;
}

/** Shows the page to a signed-in person; `show` fills it, and may name another part of it to show. */
export async function open(show) {
  onClick(".log-out", async () => {
    await call("POST", "/api/auth/logout");
    location.assign("/account/login");
  });
  await perform(async () => {
    const found = orLogIn(await session());
    if (!found) return;
    shown = found.user.id;
    element((await show(found)) ?? "signed-in").hidden = false;
  });
}

/** A copy of a template's item, and a way to its parts. */
export function fromTemplate(id) {
  const item = element(id).content.firstElementChild.cloneNode(true);
  return { item, part: (selector) => item.querySelector(selector) };
}
