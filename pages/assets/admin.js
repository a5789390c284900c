// What the pages of operators share.

import { call } from "./api.js";
import { callAsShown, open } from "./own.js";
import { element, onClick } from "./page.js";
import { proven } from "./step-up.js";
import { eventText, say } from "./words.js";

/** Sends a request of an operator, for the account that the page shows, with a fresh proof where one is needed. */
export function admin(method, path, body) {
  return proven(() => callAsShown(method, `/api/admin${path}`, body));
}

/** A path with those parameters that have a value. */
export function withQuery(path, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value);
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

/** Shows the page to an operator; `show` fills it. Others are told what they lack, and nothing else. */
export function openAdmin(show) {
  return open(async (found) => {
    try {
      await show(found);
    } catch (error) {
      if (error.code === "not_permitted") {
        await showMissing(found);
        return "missing";
      }
      throw error;
    }
  });
}

async function showMissing({ user }) {
  element("admin-nav").hidden = true;
  const factors = await call("GET", "/api/auth/factors");
  const hasApp = factors.some(({ kind }) => kind === "totp");
  for (const place of document.querySelectorAll(".own-email")) place.textContent = user.primary_email;
  const steps = { "step-address": user.email_verified, "step-app": hasApp, "step-right": false };
  for (const [id, isDone] of Object.entries(steps)) {
    element(id).textContent = say(isDone ? "done" : "missing");
    element(id).classList.toggle("warn", !isDone);
  }
}

/** Asks before what is hard to take back; the text names what it is about. */
export function confirmed(text) {
  const dialog = element("confirm");
  element("confirm-text").textContent = text;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve, reject) => {
    const settle = () => (dialog.returnValue === "go" ? resolve() : reject(new Error(say("unchanged"))));
    dialog.addEventListener("close", settle, { once: true });
  });
}

element("confirm-go").addEventListener("click", () => element("confirm").close("go"));
element("confirm-cancel").addEventListener("click", () => element("confirm").close(""));

/**
 * A list that grows by its button. `read` gets what the list is about, such as a search, and the place to go on from; it
 * returns items and the next place. Returns the function that begins the list anew, about the same or another thing.
 * Until the first page of that has come, the list shows and goes on with what it was about.
 */
export function listing(id, read, item) {
  let shown;
  const show = async (about, from) => {
    const { items, next } = await read(about, from);
    if (!from) element(id).replaceChildren();
    element(id).append(...items.map((one) => item(one, about)));
    shown = { about, next };
    element(`${id}-more`).hidden = !next;
    element(`${id}-none`).hidden = Boolean(next) || element(id).children.length > 0;
    if (items.length > 0) return "";
    if (next) return say("none_so_far");
    return from ? say("no_more") : "";
  };
  onClick(`#${id}-more`, () => show(shown.about, shown.next));
  return (about) => show(about);
}

/** Marks of an account or a webhook, such as "disabled"; those that ask for attention stand out. */
export function showBadges(place, badges) {
  place.replaceChildren(
    ...badges.map(([name, warns]) => {
      const badge = Object.assign(document.createElement("strong"), { className: warns ? "badge warn" : "badge" });
      badge.textContent = say(name);
      return badge;
    }),
  );
}

export function userBadges(user) {
  const badges = [user.email_verified_at ? ["confirmed"] : ["not_confirmed", true]];
  if (user.disabled_at) badges.push(["disabled", true]);
  if (user.admin_at) badges.push(["is_admin"]);
  return badges;
}

/** One page of the audit log. Those in which nothing fits are passed over, a bounded number of them. */
export async function readEvents(filter, after) {
  for (let count = 0; count < 10; count += 1) {
    const { events, next } = await admin("GET", withQuery("/events", { ...filter, after }));
    if (events.length > 0 || !next) return { items: events, next };
    after = next;
  }
  return { items: [], next: after };
}

/** Fills the item of an event. */
export function fillEvent(part, event, fillTime) {
  part(".name").textContent = eventText(event);
  fillTime(part(".when"), event.happened_at);
  const data = Object.entries(event.data ?? {}).map(([name, value]) => `${name}: ${value}`);
  const about = [say(`actor_${event.actor}`), event.browser, event.network, ...data];
  part(".from").textContent = about.filter(Boolean).map((text) => ` · ${text}`).join("");
}
