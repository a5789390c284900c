// What all pages share: notices, times and field errors, and one action at a time for forms and buttons.

import { say } from "./words.js";

export const element = (id) => document.getElementById(id);

export function notify(message, isError = false) {
  const notice = element("notice");
  notice.textContent = message;
  notice.classList.toggle("error", isError);
}

export function showTime(time, value) {
  time.dateTime = value;
  const form = { dateStyle: "medium", timeStyle: "short" };
  time.textContent = new Date(value).toLocaleString(document.documentElement.lang, form);
}

/** Shows each issue beside the field it names, and clears the other fields. Returns those that no field shows. */
export function showIssues(form, issues) {
  const left = new Set(issues);
  for (const field of form.querySelectorAll("input[name]")) {
    const own = issues.filter((issue) => issue.field === field.name);
    own.forEach((issue) => left.delete(issue));
    field.setAttribute("aria-invalid", String(own.length > 0));
    element(`${field.id}-issue`).textContent = own.map((issue) => issue.text(field)).join(" ");
  }
  form.querySelector('[aria-invalid="true"]')?.focus();
  return [...left];
}

/** What is wrong with the fields. The service has no issue for a wrong code, so its field gets the whole message. */
function issuesOf(error, form) {
  const code = form.querySelector('[autocomplete="one-time-code"]');
  const isWrong = ["invalid_otp", "otp_not_found"].includes(error.code);
  return code && isWrong ? [{ field: code.name, text: () => error.message }] : (error.issues ?? []);
}

/** Shows one of these parts of the page, and takes a person who was in another one to its heading. */
export function showPart(name, names) {
  const moves = names.some((other) => other !== name && element(other) && !element(other).hidden);
  for (const other of names) {
    if (element(other)) element(other).hidden = other !== name;
  }
  if (!moves) return;
  const first = element(name).querySelector("input") ?? element(name).querySelector("[tabindex]");
  first.focus();
}

/** Adds a box to each form with passwords that shows what is typed. */
export function offerToShowPasswords() {
  for (const field of document.querySelectorAll("input[type=password]")) {
    const box = Object.assign(document.createElement("input"), { type: "checkbox" });
    const label = Object.assign(document.createElement("label"), { className: "show" });
    label.append(box, say("show_password"));
    element(`${field.id}-issue`).after(label);
    const show = (isShown) => (field.type = isShown ? "text" : "password");
    box.addEventListener("change", () => show(box.checked));
    // Password managers look for a password field when the form is sent.
    field.form.addEventListener("submit", () => show((box.checked = false)), { capture: true });
  }
}

let busy = false;

/** Runs one action at a time. Shows its message, or its error as a notice and beside the fields it names. */
export async function perform(action, form) {
  if (busy) return;
  busy = true;
  document.body.setAttribute("aria-busy", "true");
  notify("");
  try {
    notify((await action()) ?? "");
  } catch (error) {
    notify(error.message, true);
    if (form) showIssues(form, issuesOf(error, form));
  } finally {
    busy = false;
    document.body.removeAttribute("aria-busy");
  }
  // The action may have hidden the button with the keyboard focus. Then the message gets it, so that the next key press
  // starts there.
  const notice = element("notice");
  if (notice.textContent && document.activeElement === document.body) notice.focus();
}

/** Calls `action` with the filled-in fields, under the service's names for them. A page without the form has none. */
export function onSubmit(id, action) {
  const form = element(id);
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    perform(async () => {
      showIssues(form, []);
      const filledIn = [...new FormData(form)].filter(([, value]) => value !== "");
      const message = await action(Object.fromEntries(filledIn));
      form.reset();
      return message;
    }, form);
  });
}

/** Calls `action` with the filled-in fields, which stay, so that they can be changed and sent again. */
export function onFilter(id, action) {
  const form = element(id);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    perform(() => {
      showIssues(form, []);
      return action(Object.fromEntries(new FormData(form)));
    }, form);
  });
}

export function onClick(selector, action) {
  for (const button of document.querySelectorAll(selector)) button.addEventListener("click", () => perform(action));
}
