// Where the account is signed in.

import { call } from "./api.js";
import { callAsShown, fromTemplate, open } from "./own.js";
import { element, onClick, perform, showTime } from "./page.js";
import { programName } from "./programs.js";
import { say } from "./words.js";

function item(session) {
  const { item, part } = fromTemplate("session");
  const name = programName(session.user_agent) ?? say("unknown_program");
  part(".name").textContent = name;
  part(".name").title = session.user_agent ?? "";
  part(".ip").textContent = session.ip ?? say("unknown_address");
  showTime(part(".seen"), session.last_seen_at);
  showTime(part(".until"), session.expires_at);
  part(".revoke").setAttribute("aria-label", say("revoke_of", { name }));
  part(".revoke").addEventListener("click", () => perform(() => revoke(session.id)));
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
