// What happened to the account.

import { callAsShown, fromTemplate, open } from "./own.js";
import { element, onClick, showTime } from "./page.js";
import { eventText, say } from "./words.js";

let next;

function item(event) {
  const { item, part } = fromTemplate("event");
  part(".name").textContent = eventText(event);
  showTime(part(".when"), event.happened_at);
  const from = [event.browser, event.network, event.actor === "operator" ? say("by_operator") : null];
  part(".from").textContent = from.filter(Boolean).map((text) => ` · ${text}`).join("");
  return item;
}

async function readMore() {
  const query = next ? `?before=${encodeURIComponent(next)}` : "";
  const page = await callAsShown("GET", `/api/users/me/events${query}`);
  next = page.next;
  element("events").append(...page.events.map(item));
  element("more").hidden = !next;
}

onClick("#more", readMore);
await open(readMore);
