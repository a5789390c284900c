// What all modules share: showing notices, times and field errors, and running one action per form or button.

export const element = (id) => document.getElementById(id);

function notify(message, isError = false) {
  const notice = element("notice");
  notice.textContent = message;
  notice.classList.toggle("error", isError);
}

export function showTime(time, value) {
  time.dateTime = value;
  time.textContent = new Date(value).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** A copy of a template's item, and a way to its parts. */
export function fromTemplate(id) {
  const item = element(id).content.firstElementChild.cloneNode(true);
  return { item, part: (selector) => item.querySelector(selector) };
}

/** Shows each issue beside the field it names, and clears the other fields. */
export function showIssues(form, issues) {
  for (const field of form.querySelectorAll("input[name]")) {
    const messages = issues.filter((issue) => issue.field === field.name).map((issue) => issue.text);
    field.setAttribute("aria-invalid", String(messages.length > 0));
    element(`${field.id}-issue`).textContent = messages.join(" ");
  }
  form.querySelector('[aria-invalid="true"]')?.focus();
}

/** Shows one of the views. A visitor who was in another one is taken to its first heading. */
export function showView(name) {
  const views = ["signed-in", "signed-out", "second-step"].map(element);
  const changes = views.some((view) => !view.hidden && view.id !== name);
  for (const view of views) view.hidden = view.id !== name;
  if (!changes) return;
  const view = element(name);
  const heading = view.querySelector("h2");
  heading.tabIndex = -1;
  heading.focus();
}

/** Adds a box to each form with passwords that shows what is typed. */
export function offerToShowPasswords() {
  for (const form of document.querySelectorAll("form")) {
    const passwords = form.querySelectorAll("input[type=password]");
    if (passwords.length === 0) continue;
    const box = Object.assign(document.createElement("input"), { type: "checkbox" });
    const label = Object.assign(document.createElement("label"), { className: "show" });
    label.append(box, passwords.length === 1 ? "Show password" : "Show passwords");
    form.querySelector("button").before(label);
    const show = (isShown) => passwords.forEach((field) => (field.type = isShown ? "text" : "password"));
    box.addEventListener("change", () => show(box.checked));
    form.addEventListener("reset", () => show(false));
  }
}

let busy = false;

/** Runs one action at a time. Shows its message, or its error as a notice and beside the fields it names. */
export async function perform(action, form) {
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
  // The action may have hidden the button with the keyboard focus. Then the message gets it, so that the next key press
  // starts there.
  const notice = element("notice");
  if (notice.textContent && document.activeElement === document.body) notice.focus();
}

/** Calls `action` with the filled-in fields, under the service's names for them; it returns the message to show. */
export function onSubmit(id, action) {
  const form = element(id);
  form.addEventListener("submit", (event) => {
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

export function onClick(id, action) {
  element(id).addEventListener("click", () => perform(action));
}
