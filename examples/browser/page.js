// What every part of the page needs: to show things, and to do what a person asks for.

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

/** Shows beside each field of a form what is wrong with it. */
function showIssues(form, issues) {
  for (const field of form.querySelectorAll("input")) {
    const messages = issues.filter((issue) => issue.path[0] === field.name).map((issue) => issue.message);
    field.setAttribute("aria-invalid", String(messages.length > 0));
    element(`${field.id}-issue`).textContent = messages.join(" ");
  }
  form.querySelector('[aria-invalid="true"]')?.focus();
}

let busy = false;

/** Runs one action at a time and shows what went wrong: as a notice, and beside the fields it concerns. */
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
  // The button that had the keyboard focus may be gone; the next key press should start at the message.
  const notice = element("notice");
  if (notice.textContent && document.activeElement === document.body) notice.focus();
}

/** `action` gets what was filled in, by the names that the service knows it by, and returns what to tell the person. */
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
