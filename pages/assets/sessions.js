// Where the account is signed in.

import { call } from "./api.js";
import { callAsShown, open } from "./own.js";
import { element, onClick } from "./page.js";
import { sessionItem } from "./session-item.js";
import { say } from "./words.js";

function item(session) {
  const { item, part } = sessionItem(session, revoke);
  part(session.current ? ".revoke" : ".badge").remove();
  return item;
}

async function refresh() {
  const sessions = await call("GET", "/api/auth/sessions");
  element("sessions").replaceChildren(...sessions.map(item));
  element("revoke-others").hidden = sessions.length < 2;
}

async function revoke(id) {
  await callAsShown("DELETE", `/api/auth/sessions/${encodeURIComponent(id)}`);
  await refresh();
  return say("revoked");
}

onClick("#revoke-others", async () => {
  await callAsShown("DELETE", "/api/auth/sessions");
  await refresh();
  return say("others_revoked");
});
await open(refresh);
