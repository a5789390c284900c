/** What a person sees and does on the example page, by the names that a screen reader reads out. */

export function pageFor(pages, service) {
  return `${pages.origin}/?api=${service}`;
}

function field(page, form, label) {
  return page.getByRole("form", { name: form, exact: true }).getByLabel(label, { exact: true });
}

/** Fills the fields of these labels in, and presses the form's button. */
export async function fillIn(page, form, fields) {
  for (const [label, value] of Object.entries(fields)) await field(page, form, label).fill(value);
  await page.getByRole("form", { name: form, exact: true }).getByRole("button").click();
}

export function submit(page, form, { email, password }) {
  return fillIn(page, form, { "E-mail": email, Password: password });
}

export function press(page, button) {
  return page.getByRole("button", { name: button }).click();
}

/** Waits until the page tells the person this. */
export function told(page, message) {
  return page.getByRole("status").filter({ hasText: message }).waitFor();
}

export function signedIn(page) {
  return page.getByRole("heading", { name: "You are logged in", exact: true }).waitFor();
}

export function signedOut(page) {
  return page.getByRole("heading", { name: "Log in", exact: true }).waitFor();
}
