// One account: its facts, sessions and events, and what an operator may do with it.

import { admin, confirmed, fillEvent, listing, openAdmin, readEvents, showBadges, userBadges } from "./admin.js";
import { done, fromTemplate } from "./own.js";
import { element, onClick, showTime } from "./page.js";
import { sessionItem } from "./session-item.js";
import { say } from "./words.js";

// Account numbers need no decoding, and an address that another person has typed may not decode.
const id = location.pathname.split("/").pop();
const path = `/users/${id}`;
let email;

/** A time as text; what has none never was. */
function timeText(value) {
  if (!value) return say("never");
  const time = document.createElement("time");
  showTime(time, value);
  return time.textContent;
}

const sinceText = (value) => (value ? say("since", { time: timeText(value) }) : say("has_none"));

function show(user) {
  email = user.email;
  const texts = {
    "user-title": email,
    "user-email": email,
    "user-id": user.id,
    "user-username": user.username ?? "–",
    "user-name": [user.first_name, user.last_name].filter(Boolean).join(" ") || "–",
    "user-phone": user.number_phone ?? "–",
    "user-pending": user.pending_email ?? "–",
    "user-created": timeText(user.created_at),
    "user-last-log-in": timeText(user.last_log_in_at),
    "user-password": say(user.has_password ? "has" : "has_none"),
    "user-second-factor": sinceText(user.second_factor_at),
    "user-passkeys": user.passkeys || say("has_none"),
    "user-identities": user.identities || say("has_none"),
    "user-admin": sinceText(user.admin_at),
  };
  for (const [place, text] of Object.entries(texts)) element(place).textContent = text;
  showBadges(element("user-badges"), userBadges(user));
  element("is-admin").hidden = !user.admin_at;
  element("actions").hidden = Boolean(user.admin_at);
  element("verify").hidden = Boolean(user.email_verified_at);
  element("disable").hidden = Boolean(user.disabled_at);
  element("enable").hidden = !user.disabled_at;
}

function showSession(session) {
  const { item, part } = sessionItem(session, endSession);
  part(".amr").textContent = session.amr.length ? ` · ${session.amr.join(", ")}` : "";
  return item;
}

async function showSessions() {
  const sessions = await admin("GET", `${path}/sessions`);
  element("sessions").replaceChildren(...sessions.map(showSession));
  element("sessions-none").hidden = sessions.length > 0;
  element("end-sessions").hidden = sessions.length === 0;
}

const beginEvents = listing("events", readEvents, (event) => {
  const { item, part } = fromTemplate("event");
  fillEvent(part, event, showTime);
  part(".account").remove();
  return item;
});

/** Shows the account as it is by now. */
async function refresh() {
  show(await admin("GET", path));
  await showSessions();
  await beginEvents({ user: id });
}

async function endSession(session) {
  await admin("DELETE", `/sessions/${encodeURIComponent(session)}`);
  return done(say("revoked"), refresh);
}

async function change(changes, told) {
  await admin("PATCH", path, changes);
  // To disable or enable an account makes its links void.
  if ("disabled" in changes) closeLink();
  return done(say(told, { email }), refresh);
}

function closeLink() {
  element("made-link").hidden = true;
  element("link").textContent = "";
}

onClick("#verify", () => change({ email_verified: true }, "user_verified"));
onClick("#enable", () => change({ disabled: false }, "user_enabled"));
onClick("#disable", async () => {
  await confirmed(say("confirm_disable", { email }));
  return change({ disabled: true }, "user_disabled");
});
onClick("#make-link", async () => {
  await confirmed(say("confirm_link", { email }));
  const made = await admin("POST", `${path}/recovery`);
  element("link").textContent = made.url ?? made.key;
  showTime(element("link-until"), made.expires_at);
  element("made-link").hidden = false;
  element("made-link-title").focus();
});
onClick("#link-kept", async () => {
  closeLink();
  element("make-link").focus();
});
onClick("#end-sessions", async () => {
  await confirmed(say("confirm_end_sessions", { email }));
  const { ended } = await admin("DELETE", `${path}/sessions`);
  return done(say("sessions_ended", { ended }), refresh);
});
onClick("#delete", async () => {
  await confirmed(say("confirm_delete", { email }));
  await admin("DELETE", path);
  closeLink();
  element("signed-in").hidden = true;
  element("gone").hidden = false;
  element("gone-title").focus();
  return say("user_deleted", { email });
});
await openAdmin(refresh);
