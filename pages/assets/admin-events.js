// What happened to all accounts, and what operators did.

import { fillEvent, listing, openAdmin, readEvents } from "./admin.js";
import { fromTemplate } from "./own.js";
import { element, onFilter, showTime } from "./page.js";
import { eventText, eventTypes } from "./words.js";

const begin = listing("events", readEvents, (event) => {
  const { item, part } = fromTemplate("event");
  fillEvent(part, event, showTime);
  part(".link").textContent = event.user_id ?? "";
  part(".link").href = `/admin/users/${event.user_id}`;
  if (!event.user_id) part(".account").remove();
  return item;
});

/** The time of this clock that the browser's field takes. */
function localTime(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function read({ type, user, since }) {
  return begin({ type, user: user.trim(), since: since && new Date(since).toISOString() });
}

for (const type of eventTypes()) element("filter-type").add(new Option(eventText({ type }), type));
const day = 24 * 60 * 60_000;
element("filter-since").value = localTime(new Date(Date.now() - day));
onFilter("filter", read);
await openAdmin(async () => {
  await read(Object.fromEntries(new FormData(element("filter"))));
});
