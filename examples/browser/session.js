// The signed-in account and all its sessions, and the way in.

import { api, call } from "./api.js";
import { element, onClick, perform, showTime, showView } from "./page.js";
import { programName } from "./words.js";

/** What other modules show of the account: the path to read, the function that shows the answer, and where. */
const parts = [];
let showSecondStep;

export function addPart(path, show, place) {
  parts.push({ path, show, place });
}

/** The answer, or null from a service that does not know the path. */
export async function readIfKnown(path) {
  try {
    return await call("GET", path);
  } catch (error) {
    if (error.statusCode === 404) return null;
    throw error;
  }
}

/** `show` asks for the second factor; it gets the names of what the service takes. */
export function onSecondStep(show) {
  showSecondStep = show;
}

/** Sends a request that logs in, and returns the message to show. Half a log-in goes on with its second step. */
export async function enter(greeting, request) {
  let answer;
  try {
    answer = await request();
  } catch (error) {
    if (error.code !== "second_factor_required") throw error;
    showSecondStep(error.methods);
    return "";
  }
  // The service's answer alone does not show that the browser kept its cookie.
  if (!(await refresh())) throw new Error(notKept());
  return `${greeting}, ${answer.user.primary_email}.`;
}

function notKept() {
  const why = "It keeps cookies only of the site that a page belongs to, and only over https elsewhere.";
  return `Your browser did not send the cookie of ${api.origin} back. ${why}`;
}

function showSession(session) {
  const item = element("session").content.cloneNode(true);
  const agent = programName(session.user_agent);
  Object.assign(item.querySelector(".agent"), { textContent: agent, title: session.user_agent ?? "" });
  item.querySelector(".ip").textContent = session.ip || "an unknown address";
  showTime(item.querySelector(".seen"), session.last_seen_at);
  showTime(item.querySelector(".until"), session.expires_at);
  const revoke = item.querySelector(".revoke");
  revoke.setAttribute("aria-label", `End the session of ${agent}`);
  revoke.addEventListener("click", () => perform(() => revokeSession(session.id)));
  item.querySelector(session.current ? ".revoke" : ".badge").remove();
  return item;
}

function showSignedIn(session, sessions, pending) {
  element("who-email").textContent = session.user.primary_email;
  element("who-verified").textContent = session.user.email_verified ? "confirmed" : "not confirmed";
  element("who-id").textContent = session.user.id;
  showTime(element("who-since"), session.loggedInAt);
  showTime(element("who-until"), session.expires_at);
  element("sessions").replaceChildren(...sessions.map(showSession));
  element("revoke-others").hidden = sessions.length < 2;
  element("verification").hidden = session.user.email_verified && !pending;
  element("verification-to").textContent = pending ?? session.user.primary_email;
  element("pending").hidden = !pending;
  element("pending-email").textContent = pending ?? "";
  showView("signed-in");
}

/** Asks the service for the current state, shows it, and returns whether the visitor is signed in. */
export async function refresh() {
  try {
    // This path answers 200 also without a session, so that a visitor's console shows no error.
    const session = await call("GET", "/api/_auth/session");
    if (session.user) {
      const [sessions, { account }, ...answers] = await Promise.all([
        call("GET", "/api/auth/sessions"),
        call("GET", "/api/users/me/export"),
        ...parts.map(({ path }) => readIfKnown(path)),
      ]);
      parts.forEach(({ show, place }, number) => {
        element(place).hidden = !answers[number];
        if (answers[number]) show(answers[number]);
      });
      showSignedIn(session, sessions, account.pending_email);
      return true;
    }
    showView("signed-out");
  } catch (error) {
    showView("signed-out");
    // The session may end between two requests.
    if (error.statusCode !== 401) throw error;
  }
  return false;
}

async function revokeSession(id) {
  await call("DELETE", `/api/auth/sessions/${encodeURIComponent(id)}`);
  await refresh();
  return "The session is ended.";
}

async function revokeOthers() {
  const { revoked } = await call("DELETE", "/api/auth/sessions");
  await refresh();
  return revoked === 1 ? "One other session is ended." : `${revoked} other sessions are ended.`;
}

onClick("revoke-others", revokeOthers);
