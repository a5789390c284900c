// Where the account is signed in.

import { call } from "./api.js";
import { callAsShown, done, open } from "./own.js";
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
  return done(say("revoked"), refresh);
}

onClick("#revoke-others", async () => {
  await callAsShown("DELETE", "/api/auth/sessions");
  return done(say("others_revoked"), refresh);
});
await open(refresh);
