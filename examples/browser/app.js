// A page on its own origin, signed in by the service's cookie. The browser keeps the cookie and hides it from scripts
// (HttpOnly), so nothing here stores, reads or sends a secret: `credentials: "include"` is all it takes.

const api = new URL(new URLSearchParams(location.search).get("api") ?? "http://localhost:8080");
const element = (id) => document.getElementById(id);

/** What the service answered instead of success; `body` is its one error shape. */
class Refusal extends Error {
  constructor(body) {
    super(body.message);
    this.statusCode = body.statusCode;
    this.issues = body.data?.issues ?? [];
  }
}

async function call(method, path, body) {
  const request = { method, credentials: "include" };
  if (body) {
    request.headers = { "Content-Type": "application/json" };
    request.body = JSON.stringify(body);
  }
  const response = await fetch(new URL(path, api), request).catch(() => {
    // A script is never told which of the two it was; the browser's console says it.
    throw new Error(`${api.origin} did not answer, or does not allow pages from ${location.origin}.`);
  });
  if (response.status === 204) return null;
  const answer = await response.json();
  if (!response.ok) throw new Refusal(answer);
  return answer;
}

// What is shown

function notify(message, isError = false) {
  const notice = element("notice");
  notice.textContent = message;
  notice.classList.toggle("error", isError);
}

function showTime(time, value) {
  time.dateTime = value;
  time.textContent = new Date(value).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

function showIssues(form, issues) {
  for (const field of form.querySelectorAll("input")) {
    const messages = issues.filter((issue) => issue.path[0] === field.name).map((issue) => issue.message);
    field.setAttribute("aria-invalid", String(messages.length > 0));
    form.querySelector(`[data-issue="${field.name}"]`).textContent = messages.join(" ");
  }
  form.querySelector('[aria-invalid="true"]')?.focus();
}

function showSession(session) {
  const item = element("session").content.cloneNode(true);
  const agent = session.user_agent || "Unknown program";
  Object.assign(item.querySelector(".agent"), { textContent: agent, title: agent });
  item.querySelector(".kind").textContent = session.kind;
  item.querySelector(".ip").textContent = session.ip || "an unknown address";
  showTime(item.querySelector(".seen"), session.last_seen_at);
  showTime(item.querySelector(".until"), session.expires_at);
  const revoke = item.querySelector(".revoke");
  revoke.setAttribute("aria-label", `End the session of ${agent}`);
  revoke.addEventListener("click", () => perform(() => revokeSession(session.id)));
  item.querySelector(session.current ? ".revoke" : ".badge").remove();
  return item;
}

function showSignedOut() {
  element("signed-in").hidden = true;
  element("signed-out").hidden = false;
}

function showSignedIn(session, sessions) {
  element("who-email").textContent = session.user.primary_email;
  element("who-id").textContent = session.user.id;
  showTime(element("who-since"), session.loggedInAt);
  showTime(element("who-until"), session.expires_at);
  element("sessions").replaceChildren(...sessions.map(showSession));
  element("revoke-others").hidden = sessions.length < 2;
  element("signed-out").hidden = true;
  element("signed-in").hidden = false;
}

// What a person can do. Each action returns what to tell the person.

async function refresh() {
  try {
    const [session, sessions] = await Promise.all([call("GET", "/api/auth/session"), call("GET", "/api/auth/sessions")]);
    showSignedIn(session, sessions);
  } catch (error) {
    showSignedOut();
    if (error.statusCode !== 401) throw error;
  }
}

async function enter(form, path, greeting) {
  showIssues(form, []);
  const { user } = await call("POST", path, Object.fromEntries(new FormData(form)));
  form.reset();
  await refresh();
  return `${greeting}, ${user.primary_email}.`;
}

async function logOut() {
  await call("POST", "/api/auth/logout");
  await refresh();
  return "You are logged out.";
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

let busy = false;

/** Runs one action at a time and shows what went wrong: as a notice, and beside the fields it concerns. */
async function perform(action, form) {
  if (busy) return;
  busy = true;
  notify("");
  try {
    notify((await action()) ?? "");
  } catch (error) {
    notify(error.message, true);
    if (form) showIssues(form, error.issues ?? []);
  } finally {
    busy = false;
  }
  // The button that had the keyboard focus may be gone; the next key press should start at the message.
  const notice = element("notice");
  if (notice.textContent && document.activeElement === document.body) notice.focus();
}

function onSubmit(id, path, greeting) {
  const form = element(id);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    perform(() => enter(form, path, greeting), form);
  });
}

element("api").textContent = api.origin;
onSubmit("log-in", "/api/auth/login", "Welcome back");
onSubmit("sign-up", "/api/auth/sign-up", "Welcome");
element("log-out").addEventListener("click", () => perform(logOut));
element("revoke-others").addEventListener("click", () => perform(revokeOthers));
perform(refresh);
